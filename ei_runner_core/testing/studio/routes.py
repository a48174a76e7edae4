"""Which function answers which path."""

from __future__ import annotations

from werkzeug.routing import Map, Rule

from . import deployment_calls, job_calls, project_calls
from .calls import Endpoint

__all__ = ["ROUTES"]

_ANYONE: dict[str, Endpoint] = {
    "GET /v1/api/deployment/targets": deployment_calls.all_targets,
}
_WITH_KEY: dict[str, Endpoint] = {
    "GET /v1/api/projects": project_calls.projects,
    "GET /v1/api/organizations": project_calls.organizations,
    "GET /v1/api/projects/api-key-info": project_calls.api_key_info,
}
_OF_PROJECT: dict[str, Endpoint] = {
    "GET ": project_calls.project_info,
    "GET /devkeys": project_calls.dev_keys,
    "GET /devkeys/hmac": project_calls.hmac_key,
    "GET /socket-token": project_calls.socket_token,
    "GET /impulses": project_calls.impulses,
    "GET /impulses-detailed": project_calls.impulses_detailed,
    "GET /model-variants": project_calls.model_variants,
    "POST /impulse/<int:impulse_id>/set-thresholds": project_calls.set_thresholds,
    "GET /deployment": deployment_calls.deployment,
    "GET /deployment/targets": deployment_calls.project_targets,
    "GET /deployment/targets/data-sources": deployment_calls.runner_targets,
    "GET /deployment/last": deployment_calls.last_deployment,
    "GET /deployment/download": deployment_calls.download_deployment,
    "GET /deployment/history": deployment_calls.history,
    "GET /deployment/history/<int:version>": deployment_calls.version_info,
    "GET /deployment/history/<int:version>/download": deployment_calls.download_version,
    "POST /jobs/build-ondevice-model": job_calls.build,
    "POST /jobs/deploy-pretrained-model": job_calls.build_pretrained,
    "GET /jobs/<int:job_id>/status": job_calls.status,
    "GET /jobs/<int:job_id>/stdout": job_calls.log,
    "GET /jobs/<int:job_id>/stdout/download": job_calls.log_file,
    "POST /jobs/<int:job_id>/cancel": job_calls.cancel,
}
_OF_PUBLIC_PROJECT: dict[str, Endpoint] = {
    "POST /deployment/public/build": job_calls.build_public,
    "GET /deployment/public/jobs/<int:job_id>/status": job_calls.public_status,
}
_INGESTION = {
    "POST /api/<category>/files": "files",
    "POST /api/<category>/data": "data",
}


def _rules() -> list[Rule]:
    tables = (
        ("anyone", "", _ANYONE),
        ("key", "", _WITH_KEY),
        ("project", "/v1/api/<int:project_id>", _OF_PROJECT),
        ("public", "/v1/api/<int:project_id>", _OF_PUBLIC_PROJECT),
        ("ingestion", "", _INGESTION),
    )
    return [
        _rule(access, prefix, call, endpoint)
        for access, prefix, table in tables
        for call, endpoint in table.items()
    ]


def _rule(access: str, prefix: str, call: str, endpoint: Endpoint | str) -> Rule:
    method, path = call.split(" ", 1)
    return Rule(prefix + path, methods=[method], endpoint=(access, endpoint))


ROUTES = Map(_rules(), strict_slashes=False, merge_slashes=False).bind("studio")
"""Finds who may ask and the function that answers."""
