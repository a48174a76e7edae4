"""The official generated client of Studio's API, in an environment of its own.

The tests run only where that is asked for: in the tox environment ``official-client``, or with
``EI_RUNNER_OFFICIAL_STUDIO_CLIENT=PYTHON``, a Python that has the package.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from official_clients import find_client

PACKAGE = "edgeimpulse-api==1.96.3"


@pytest.fixture(scope="session")
def studio_client_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the official client, and not ei-runner."""
    folder = tmp_path_factory.mktemp("studio-client")
    return find_client("EI_RUNNER_OFFICIAL_STUDIO_CLIENT", folder, [PACKAGE])
