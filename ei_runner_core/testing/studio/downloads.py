"""Downloads, whole or from some byte on."""

from __future__ import annotations

import hashlib

from werkzeug.http import parse_range_header

from .deployments import LocalDeployment
from .exchange import Answer, Request
from .projects import LocalProject

__all__ = ["download"]


def download(request: Request, project: LocalProject, deployment: LocalDeployment) -> Answer:
    """The bytes of a build, or the part of them that is asked for."""
    content = deployment.content
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=utf-8''{file_name(project, deployment)}",
        "ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
    }
    if not project.serves_ranges:
        return Answer(200, content, headers)
    headers["Accept-Ranges"] = "bytes"
    asked = parse_range_header(request.headers.get("Range"))
    if asked is None or request.headers.get("If-Range", headers["ETag"]) != headers["ETag"]:
        return Answer(200, content, headers)
    part = asked.range_for_length(len(content))
    if part is None:
        return Answer(416, b"", headers | {"Content-Range": f"bytes */{len(content)}"})
    start, end = part
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
    return Answer(206, content[start:end], headers)


def file_name(project: LocalProject, deployment: LocalDeployment) -> str:
    """The name that the download suggests."""
    suffix = "eim" if deployment.format.startswith("runner-") else "zip"
    return f"project-{project.id}-{deployment.format}-v{deployment.version}.{suffix}"
