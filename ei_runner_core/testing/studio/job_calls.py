"""The calls about build jobs."""

from __future__ import annotations

from typing import Any

from .calls import Call
from .deployments import BuildJob, timestamp
from .exchange import Answer, RefusedError, text_answer

__all__ = [
    "build",
    "build_pretrained",
    "build_public",
    "cancel",
    "log",
    "log_file",
    "public_status",
    "status",
]

_LEVELS = ("error", "warn", "info", "debug")
_LAST_LINES = 1000


def build(call: Call) -> dict[str, Any]:
    """Start a build."""
    target, wanted = call.request.query.get("type"), call.request.json_object()
    if not target:
        raise RefusedError("Missing required parameter 'type'", 400)
    if not isinstance(wanted.get("engine"), str):
        raise RefusedError("Missing required property 'engine'", 400)
    job = _start(call, target, wanted["engine"], wanted.get("modelType"))
    return {"id": job.id, "deploymentVersion": job.result.version}


def build_public(call: Call) -> dict[str, Any]:
    """Start a build of a public project; what is wanted is all in the body."""
    wanted = call.request.json_object()
    if not wanted.get("deploymentType") or not wanted.get("modelType"):
        raise RefusedError("Missing required property 'deploymentType' or 'modelType'", 400)
    engine = call.project.find_target(wanted["deploymentType"]).engines[0]
    job = _start(call, wanted["deploymentType"], engine, wanted["modelType"])
    return {"jobId": job.id, "deploymentVersion": job.result.version}


def build_pretrained(call: Call) -> dict[str, Any]:
    """Start a build of a network that was brought along."""
    wanted = call.request.json_object()
    if not wanted.get("deploymentType") or not wanted.get("modelFileBase64"):
        raise RefusedError("Missing required property 'deploymentType' or 'modelFileBase64'", 400)
    engine = wanted.get("engine") or "tflite"
    job = _start(call, wanted["deploymentType"], engine, wanted.get("deployModelType"))
    return {"id": job.id}


def status(call: Call) -> dict[str, Any]:
    """How far a job is."""
    return {"job": _describe(_job(call))}


def public_status(call: Call) -> dict[str, Any]:
    """How far a job of a public project is, with its log."""
    job = _job(call)
    return {"job": _describe(job), "logs": _entries(job)}


def log(call: Call) -> dict[str, Any]:
    """The last lines of a job's log, the newest first."""
    entries = _entries(_job(call))
    if level := call.request.query.get("logLevel"):
        if level not in _LEVELS:
            raise RefusedError(f"Invalid value for logLevel: expected one of {_LEVELS}", 400)
        most = _LEVELS.index(level)
        entries = [entry for entry in entries if _LEVELS.index(entry["logLevel"]) <= most]
    limit = min(call.request.number("limit") or _LAST_LINES, _LAST_LINES)
    return {"stdout": entries[: -limit - 1 : -1], "totalCount": len(entries)}


def log_file(call: Call) -> Answer:
    """The log as a text, the oldest line first."""
    return text_answer("".join(entry["data"] for entry in _entries(_job(call))))


def cancel(call: Call) -> dict[str, Any]:
    """Stop a job."""
    job = _job(call)
    if job.finished is not None:
        raise RefusedError("Job is already finished")
    job.cancel()
    return {}


def _start(call: Call, target: str, engine: str, model_type: str | None) -> BuildJob:
    impulse = call.project.find_impulse(call.request.number("impulseId"))
    if model_type and model_type not in impulse.variants:
        raise RefusedError(f"Model type '{model_type}' is not available for this impulse")
    return call.project.start_build(
        target,
        engine=engine,
        model_type=model_type or impulse.variants[-1],
        impulse_id=impulse.id,
    )


def _job(call: Call) -> BuildJob:
    job = call.project.jobs.get(call.numbers["job_id"])
    if job is None:
        raise RefusedError("Job not found")
    return job


def _describe(job: BuildJob) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": job.id,
        "category": "Deployment",
        "categoryKey": "deployment",
        "key": "build-ondevice-model",
        "created": timestamp(job.created),
        "started": timestamp(job.created),
        "jobNotificationUids": [],
        "categoryCount": 1,
    }
    if job.finished is None:
        job.polls += 1
        return told
    end = {
        "finished": timestamp(job.finished),
        "finishedSuccessful": job.is_successful,
        "computeTime": job.finished - job.created,
    }
    return told | end


def _entries(job: BuildJob) -> list[dict[str, str]]:
    created = timestamp(job.created)
    return [
        {"created": created, "data": text.rstrip("\n") + "\n", "logLevel": level}
        for level, text in job.lines()
    ]
