"""Asks a Studio through the official generated client, in an environment without ei-runner.

It takes the question as JSON from standard input, and prints what the client understood.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from typing import Any

import edgeimpulse_api as official


def answer(question: dict[str, Any]) -> dict[str, Any]:
    settings = official.Configuration(host=question["endpoint"])
    settings.api_key["ApiKeyAuthentication"] = question["api_key"]
    project = question["project"]
    with official.ApiClient(settings) as client:
        return {
            "projects": ask_projects(official.ProjectsApi(client), project),
            "impulses": ask_impulses(official.ImpulseApi(client), project),
            "targets": ask_targets(official.DeploymentApi(client), project),
            "build": ask_build(official.JobsApi(client), official.DeploymentApi(client), project),
            "public": ask_public(official.DeploymentApi(client), project),
        }


def ask_projects(api: Any, project: int) -> dict[str, Any]:
    information = api.get_project_info(project)
    variants = api.get_model_variants(project, impulse_id=1).model_variants
    return {
        "ids": [project.id for project in api.list_projects().projects],
        "of_key": api.get_current_api_key_info().project_id,
        "name": information.project.name,
        "default_impulse": information.default_impulse_id,
        "hmac_keys": [api.list_devkeys(project).hmac_key, api.get_hmac_devkey(project).hmac_key],
        "variants": [variant.variant for variant in variants],
    }


def ask_impulses(api: Any, project: int) -> dict[str, Any]:
    # Its class for a value takes none: a number fits both of the types that it allows.
    request = official.SetImpulseThresholdsRequest(
        thresholds=[], allowCreatingRegenerateModelTestingJobs=False
    )
    told = api.set_impulse_thresholds(project, 1, request)
    detailed = api.get_all_detailed_impulses(project).impulses
    return {
        "names": [impulse.name for impulse in api.get_all_impulses(project).impulses],
        "are_complete": [impulse.complete for impulse in detailed],
        "thresholds": told.regenerate_model_testing_status,
    }


def ask_targets(api: Any, project: int) -> list[list[str]]:
    lists = (
        api.list_all_deployment_targets(),
        api.list_deployment_targets_for_project(project, impulse_id=1),
        api.list_deployment_targets_for_project_data_sources(project, impulse_id=1),
    )
    return [[target.format for target in told.targets] for told in lists]


def ask_build(jobs: Any, deployments: Any, project: int) -> dict[str, Any]:
    kind = {"type": "zip", "model_type": "int8", "engine": "tflite"}
    before = deployments.get_deployment(project, **kind).has_deployment
    wanted = official.BuildOnDeviceModelRequest(engine="tflite", modelType="int8")
    job = jobs.build_on_device_model_job(project, "zip", wanted, impulse_id=1)
    states = [jobs.get_job_status(project, job.id).job for _ in range(2)]
    log = jobs.get_jobs_logs(project, job.id, limit=2)
    history = deployments.list_deployment_history(project, deployment_format="zip", limit=1)
    version = job.deployment_version
    raw = {"_preload_content": False}
    return {
        "version": version,
        "had": [before, deployments.get_deployment(project, **kind).has_deployment],
        "were_successful": [state.finished_successful for state in states],
        "log": [line.data for line in log.stdout],
        "log_count": log.total_count,
        "log_file": jobs.download_jobs_logs(project, job.id),
        "content": deployments.download_build(project, **kind, **raw).data.hex(),
        "content_of_version": deployments.download_historic_deployment(
            project, version, **raw
        ).data.hex(),
        "history": [entry.deployment_version for entry in history.deployments],
        "format": deployments.get_historic_deployment(
            project, version
        ).deployment.deployment_format,
        "last": deployments.get_last_deployment_build(project).last_build.version,
        "refusal": refusal(lambda: jobs.cancel_job(project, job.id)),
        "canceled": cancel_build(jobs, project, wanted),
    }


def cancel_build(jobs: Any, project: int, wanted: Any) -> bool:
    job = jobs.build_on_device_model_job(project, "zip", wanted)
    jobs.cancel_job(project, job.id, force_cancel="true")
    return jobs.get_job_status(project, job.id).job.finished_successful


def refusal(call: Callable[[], Any]) -> str:
    """The reason that the client was told; it knows no exception of its own for that."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - the client raises nothing more special
        return str(error)
    raise AssertionError("it was not refused")


def ask_public(api: Any, project: int) -> dict[str, Any]:
    wanted = official.BuildPublicDeploymentJobRequest(deploymentType="zip", modelType="int8")
    job = api.build_public_deployment_job(project, wanted)
    states = [api.get_public_deployment_status(project, job.job_id) for _ in range(2)]
    return {
        "version": job.deployment_version,
        "were_successful": [state.job.finished_successful for state in states],
        "log": [line.data for line in states[1].logs],
    }


if __name__ == "__main__":
    assert importlib.util.find_spec("ei_runner_core") is None, "ei-runner is installed here"
    print(json.dumps(answer(json.load(sys.stdin))))
