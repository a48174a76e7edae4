"""The official Python client, in an environment of its own.

The tests run only where that is asked for: in the tox environment ``official-client``, or with
``EI_RUNNER_OFFICIAL_CLIENT=PYTHON``, a Python that has the package.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from official_clients import find_client

PACKAGE = "edge-impulse-linux==1.2.2"
NEEDS = "numpy"  # the runner alone; the package names libraries for audio and cameras too


@pytest.fixture(scope="session")
def client_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the official client, and not ei-runner."""
    folder = tmp_path_factory.mktemp("client")
    return find_client("EI_RUNNER_OFFICIAL_CLIENT", folder, ["--no-deps", PACKAGE], [NEEDS])
