"""The calls about targets, builds and downloads."""

from __future__ import annotations

from typing import Any

from .calls import Call
from .deployments import LocalDeployment
from .downloads import download
from .exchange import Answer, RefusedError
from .targets import default_targets

__all__ = [
    "all_targets",
    "deployment",
    "download_deployment",
    "download_version",
    "history",
    "last_deployment",
    "project_targets",
    "runner_targets",
    "version_info",
]


def all_targets(_call: Call) -> dict[str, Any]:
    """The targets of every project."""
    return {"targets": [target.document() for target in default_targets()]}


def project_targets(call: Call) -> dict[str, Any]:
    """The targets of a project."""
    if impulse := call.request.number("impulseId"):
        call.project.find_impulse(impulse)
    recommended = call.project.recommended_target
    return {"targets": [t.project_document(recommended) for t in call.project.targets]}


runner_targets = project_targets


def deployment(call: Call) -> dict[str, Any]:
    """Whether there is a build of some kind."""
    found = _newest(call)
    if found is None:
        return {"hasDeployment": False}
    return {"hasDeployment": True, "version": found.version}


def last_deployment(call: Call) -> dict[str, Any]:
    """The newest build."""
    impulse = call.request.number("impulseId")
    fitting = [d for d in call.project.deployments if d.fits(None, None, None, impulse)]
    if not fitting:
        return {"hasBuild": False}
    last = fitting[-1]
    build = {
        "version": last.version,
        "deploymentType": last.format,
        "engine": last.engine,
        "modelType": last.model_type,
        "created": last.created,
    }
    return {"hasBuild": True, "lastBuild": build}


def history(call: Call) -> dict[str, Any]:
    """All builds, the newest first."""
    query = call.request
    asked = (query.query.get("deploymentFormat") or None, None, None, query.number("impulseId"))
    fitting = [d for d in reversed(call.project.deployments) if d.fits(*asked)]
    start = query.number("offset") or 0
    page = fitting[start : start + (query.number("limit") or len(fitting))]
    return {
        "deployments": [_entry(call, deployment) for deployment in page],
        "totalDeploymentCount": len(fitting),
    }


def version_info(call: Call) -> dict[str, Any]:
    """One build of the history."""
    return {"deployment": _entry(call, _version(call))}


def download_version(call: Call) -> Answer:
    """The bytes of one build of the history."""
    return download(call.request, call.project, _version(call))


def download_deployment(call: Call) -> Answer:
    """The bytes of the newest build of some kind."""
    found = _newest(call)
    if found is None:
        raise RefusedError("No deployment yet")
    return download(call.request, call.project, found)


def _newest(call: Call) -> LocalDeployment | None:
    query = call.request.query
    if not query.get("type"):
        raise RefusedError("Missing required parameter 'type'", 400)
    impulse = call.project.find_impulse(call.request.number("impulseId")).id
    asked = (query["type"], query.get("modelType") or None, query.get("engine") or None, impulse)
    fitting = (d for d in reversed(call.project.deployments) if d.fits(*asked))
    return next(fitting, None)


def _version(call: Call) -> LocalDeployment:
    wanted = call.numbers["version"]
    for found in call.project.deployments:
        if found.version == wanted:
            return found
    raise RefusedError(f"No deployment with version {wanted}")


def _entry(call: Call, deployment: LocalDeployment) -> dict[str, Any]:
    project = call.project
    path = f"/v1/api/{project.id}/deployment/history/{deployment.version}/download"
    names = {impulse.id: impulse.name for impulse in project.impulses}
    return {
        "created": deployment.created,
        "deploymentVersion": deployment.version,
        "deploymentFormat": deployment.format,
        "engine": deployment.engine,
        "modelType": deployment.model_type,
        "impulseId": deployment.impulse_id,
        "impulseName": names.get(deployment.impulse_id, ""),
        "impulseIsDeleted": deployment.impulse_id not in names,
        "impulseHasChangedSinceDeployment": False,
        "downloadUrl": call.base_url + path,
        "createdByBuildPublicDeploymentJob": False,
    }
