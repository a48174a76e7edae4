"""A local Studio for tests: Edge Impulse Studio and its ingestion service, on loopback.

It needs werkzeug, which ``pip install "ei-runner[testing]"`` brings, but not pytest::

    from ei_runner_core.testing.studio import LocalStudio

    with LocalStudio() as studio:
        project = studio.add_project(api_key="ei_0123")

``python -m ei_runner_core.testing.studio`` runs it alone.
"""

from __future__ import annotations

from .deployments import LocalBuild, LocalDeployment
from .faults import Fault, FaultKind, Faults
from .local_studio import LocalStudio
from .projects import LocalImpulse, LocalProject
from .samples import StoredSample
from .targets import LocalTarget
from .traffic import ReceivedRequest

__all__ = [
    "Fault",
    "FaultKind",
    "Faults",
    "LocalBuild",
    "LocalDeployment",
    "LocalImpulse",
    "LocalProject",
    "LocalStudio",
    "LocalTarget",
    "ReceivedRequest",
    "StoredSample",
]
