"""How Studio tells about a project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .deployments import timestamp
from .projects import LocalProject
from .samples import StoredSample

__all__ = ["project_document", "project_information"]

_CATEGORIES = {
    "training": "training",
    "testing": "testing",
    "validation": "validation",
    "post-processing": "postProcessing",
    "anomaly": "anomaly",
}


def project_document(project: LocalProject) -> dict[str, Any]:
    """One entry of the list of projects."""
    return {
        "id": project.id,
        "name": project.name,
        "description": "",
        "created": project.created,
        "owner": project.owner,
        "lastAccessed": timestamp(),
        "lastModified": project.created,
        "ownerIsDeveloperProfile": True,
        "collaborators": [],
        "labelingMethod": "single_label",
        "metadata": {},
        "isEnterpriseProject": False,
        "whitelabelId": None,
        "tags": [],
        "category": "Accelerometer",
        "tier": "free",
        "hasPublicVersion": project.is_public,
        "isPublic": project.is_public,
        "allowsLivePublicAccess": project.is_public,
        "indPauseProcessingSamples": False,
        "publicProjectListed": False,
    }


def project_information(project: LocalProject, base_url: str) -> dict[str, Any]:
    """All about a project."""
    told: dict[str, Any] = {
        "project": project_document(project),
        "developmentKeys": {"apiKey": project.api_key, "hmacKey": project.hmac_key},
        "impulse": dict.fromkeys(("created", "configured", "complete"), bool(project.impulses)),
        "devices": [],
        "collaborators": [],
        "experiments": [],
        "latencyDevices": [],
        "notifications": [],
        "studioUrl": base_url,
        "inPretrainedModelFlow": False,
        "hasNewTrainingData": bool(project.samples),
        "showCreateFirstImpulse": not project.impulses,
        "showSensorDataInAcquisitionGraph": True,
        "showGettingStartedWizard": {"showWizard": False, "step": 0},
    }
    told |= _settings() | _summaries(project.samples)
    if project.default_impulse:
        told["defaultImpulseId"] = project.default_impulse.id
    if project.csv_import_config:
        told["csvImportConfig"] = project.csv_import_config
    return told


def _settings() -> dict[str, Any]:
    """What a project can be set to; nobody here reads it."""
    return {
        "acquisitionSettings": {
            "intervalMs": 10,
            "lengthMs": 10000,
            "segmentShift": False,
            "defaultPageSize": 12,
            "viewType": "list",
            "gridColumnCount": 3,
            "gridColumnCountDetailed": 2,
            "showExactSampleLength": False,
            "inlineEditBoundingBoxes": False,
        },
        "computeTime": {
            "periodStartDate": timestamp(),
            "periodEndDate": timestamp(),
            "timeUsedMs": 0,
            "timeLeftMs": 3600000,
        },
        "deploySettings": {
            "eonCompiler": False,
            "sensor": "unknown",
            "arduinoLibraryName": "",
            "tinkergenLibraryName": "",
            "particleLibraryName": "",
        },
        "performance": {
            "gpu": False,
            "jobLimitM": 60,
            "dspFileSizeMb": 4096,
            "enterprisePerformance": False,
            "trainJobRamMb": 4096,
        },
        "urls": {},
        "trainJobNotificationUids": [],
        "dspJobNotificationUids": [],
        "modelTestingJobNotificationUids": [],
        "exportJobNotificationUids": [],
    }


def _summaries(samples: Sequence[StoredSample]) -> dict[str, Any]:
    summaries = {
        told: _summary([sample for sample in samples if sample.category == category])
        for category, told in _CATEGORIES.items()
    }
    return {"dataSummary": summaries["training"], "dataSummaryPerCategory": summaries}


def _summary(samples: list[StoredSample]) -> dict[str, Any]:
    labels = sorted({sample.label for sample in samples if sample.label})
    return {
        "labels": labels,
        "totalLabels": len(labels),
        "dataCount": len(samples),
        "totalLengthMs": 0,
    }
