"""The calls about projects, keys and impulses."""

from __future__ import annotations

from typing import Any

from .calls import Call
from .exchange import RefusedError
from .project_documents import project_document, project_information
from .projects import LocalImpulse

__all__ = [
    "api_key_info",
    "dev_keys",
    "hmac_key",
    "impulses",
    "impulses_detailed",
    "model_variants",
    "organizations",
    "project_info",
    "projects",
    "set_thresholds",
    "socket_token",
]


_MOST_IMPULSES = 10


def projects(call: Call) -> dict[str, Any]:
    """All projects that the key opens."""
    return {"projects": [project_document(project) for project in call.projects]}


def organizations(_call: Call) -> dict[str, Any]:
    """There are none here."""
    return {"organizations": []}


def api_key_info(call: Call) -> dict[str, Any]:
    """What the key is for."""
    project = call.project
    return {"apiKeyId": project.id, "projectId": project.id, "role": "admin"}


def project_info(call: Call) -> dict[str, Any]:
    """All about one project."""
    return project_information(call.project, call.base_url)


def dev_keys(call: Call) -> dict[str, Any]:
    """The keys for development."""
    return {"apiKey": call.project.api_key, "hmacKey": call.project.hmac_key}


def hmac_key(call: Call) -> dict[str, Any]:
    """The key that signs data."""
    return {"hmacKey": call.project.hmac_key}


def impulses(call: Call) -> dict[str, Any]:
    """All impulses, in short."""
    told = [_impulse(impulse) for impulse in call.project.impulses]
    return {"impulses": told, "maxImpulseCount": _MOST_IMPULSES}


def impulses_detailed(call: Call) -> dict[str, Any]:
    """All impulses with their state."""
    told = [_detailed(impulse) for impulse in call.project.impulses]
    return {"impulses": told, "metricKeysByCategory": [], "extraTableColumns": []}


def model_variants(call: Call) -> dict[str, Any]:
    """The variants of an impulse's model."""
    impulse = call.project.find_impulse(call.request.number("impulseId"))
    return {
        "modelVariants": [
            {
                "variant": variant,
                "isReferenceVariant": index == 0,
                "isEnabled": True,
                "isSelected": index == 0,
            }
            for index, variant in enumerate(impulse.variants)
        ]
    }


def set_thresholds(call: Call) -> dict[str, Any]:
    """Keep new thresholds."""
    impulse = call.project.find_impulse(call.numbers["impulse_id"])
    impulse.thresholds += call.request.json_object().get("thresholds") or []
    return {"hadModelTestingResults": False, "regenerateModelTestingStatus": "not_regenerated"}


def socket_token(_call: Call) -> dict[str, Any]:
    """There are no web sockets here: job logs are read by polling."""
    raise RefusedError("This server has no web sockets")


def _impulse(impulse: LocalImpulse) -> dict[str, Any]:
    return {
        "id": impulse.id,
        "name": impulse.name,
        "type": "default",
        "inputBlocks": [],
        "dspBlocks": [],
        "learnBlocks": [],
        "postProcessingBlocks": [],
    }


def _detailed(impulse: LocalImpulse) -> dict[str, Any]:
    return {
        "impulse": _impulse(impulse),
        "metrics": [],
        "dspBlockConfigs": [],
        "learnBlockKerasConfigs": [],
        "learnBlockAnomalyConfigs": [],
        "postProcessingBlockConfigs": [],
        "isStale": impulse.is_stale,
        "configured": True,
        "complete": impulse.is_complete,
        "tags": [],
    }
