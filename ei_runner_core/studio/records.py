"""What Studio answers, as far as it is needed here; whatever else it says is passed over."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from .._text import one_line
from ..errors import StudioError

__all__ = [
    "Build",
    "Deployment",
    "Job",
    "LastBuild",
    "LogLine",
    "ModelVariant",
    "Project",
    "ProjectImpulse",
    "Target",
    "TargetVariant",
    "read_record",
    "read_records",
]

Record = TypeVar("Record")


class Project(msgspec.Struct, frozen=True):
    """A project that a key gives access to."""

    id: int
    name: str = ""
    owner: str = ""


class ProjectImpulse(msgspec.Struct, frozen=True):
    """An impulse of a project."""

    id: int
    name: str = ""


class ModelVariant(msgspec.Struct, frozen=True, rename="camel"):
    """A form of the numbers in the networks of an impulse: ``int8``, ``float32`` or ``akida``."""

    variant: str
    is_reference_variant: bool = False
    is_enabled: bool = True
    is_selected: bool = False


class TargetVariant(msgspec.Struct, frozen=True):
    """Whether a target takes a variant."""

    variant: str
    supported: bool = True


class Target(msgspec.Struct, frozen=True, rename="camel"):
    """Something that Studio builds from an impulse; ``format`` names it in all calls."""

    format: str
    name: str = ""
    description: str = ""
    supported_engines: tuple[str, ...] = ()
    preferred_engine: str | None = None
    model_variants: tuple[TargetVariant, ...] = ()
    recommended_for_project: bool = False
    disabled_for_project: bool = False
    reason_target_disabled: str | None = None


class Deployment(msgspec.Struct, frozen=True, rename="camel"):
    """A build that Studio keeps."""

    deployment_version: int
    deployment_format: str
    engine: str
    impulse_id: int
    model_type: str | None = None
    impulse_name: str | None = None
    impulse_has_changed_since_deployment: bool = False


class LastBuild(msgspec.Struct, frozen=True, rename="camel"):
    """The newest build of an impulse, whatever it was built for."""

    version: int
    deployment_type: str = ""
    engine: str = ""
    model_type: str | None = None


class Build(msgspec.Struct, frozen=True, rename="camel"):
    """A build job that was started, and the version that it will have, if Studio tells."""

    id: int
    deployment_version: int | None = None


class Job(msgspec.Struct, frozen=True, rename="camel"):
    """How far a job is: ``finished`` is the time of its end, if it has ended."""

    finished: str | None = None
    finished_successful: bool | None = None


class LogLine(msgspec.Struct, frozen=True):
    """What a job said, and when; one or several lines."""

    data: str = ""
    created: str = ""


def read_record(document: Any, kind: type[Record], what: str) -> Record:
    """One part of an answer.

    Args:
        document: the part, as JSON gives it.
        kind: the record to make of it.
        what: what it tells, for the message.

    Raises:
        StudioError: it is not of that kind.
    """
    if isinstance(document, dict):  # null means the same as nothing
        document = {name: value for name, value in document.items() if value is not None}
    try:
        return msgspec.convert(document, kind, strict=False)
    except msgspec.ValidationError as error:
        raise StudioError(
            f"Studio told {what} in a form that is not known here: {one_line(str(error))}; "
            "upgrade with: pip install -U ei-runner"
        ) from None


def read_records(document: Any, kind: type[Record], what: str) -> tuple[Record, ...]:
    """A list of them; errors as of :func:`read_record`."""
    rows = read_record(document, list[Any], what)
    return tuple(read_record(row, kind, what) for row in rows)
