"""From what a user asks for, and what a project has, to one plan."""

from __future__ import annotations

import os

from ..errors import InvalidInputError, StudioError
from .api import Studio
from .choices import Plan, choose_engine, choose_impulse, choose_target, rank_variants
from .content import check_bundles_can_be_made
from .forms import form_of_target
from .records import Deployment, ProjectImpulse
from .requested import ENGINE_VARIABLE, Request, needs_network

__all__ = ["plan_newest", "plan_version"]


def plan_newest(request: Request, studio: Studio, project: int) -> Plan:
    """The plan for the newest build, or for a new one.

    Raises:
        StudioError: Studio refuses, or the project has not what is wanted.
        InvalidInputError: what is wanted does not go together.
        BackendUnavailableError: what makes bundles is not installed.
    """
    impulses = studio.impulses(project)
    impulse, is_default = choose_impulse(
        request.impulse, impulses, project, lambda: studio.default_impulse(project)
    )
    offered = studio.targets(project, impulse.id)
    form, target = choose_target(request.target, request.forms, offered, request.runnable)
    engine = choose_engine(
        request.engine, os.environ.get(ENGINE_VARIABLE, ""), form, target, needs_network()
    )
    if form == "bundle":
        check_bundles_can_be_made()
    variants = rank_variants(request.variant, studio.variants(project, impulse.id), target)
    first, *others = variants or ("",)
    return Plan(project, impulse, is_default, target.format, form, engine, first, tuple(others))


def plan_version(request: Request, studio: Studio, project: int, version: int) -> Plan:
    """The plan for one certain build; errors as of :func:`plan_newest`."""
    build = studio.deployment(project, version)
    impulse = ProjectImpulse(build.impulse_id, build.impulse_name or "")
    form = _form_of(build, request)
    _check_wishes(build, request)
    if form == "bundle":
        check_bundles_can_be_made()
    return Plan(
        project, impulse, _is_default(impulse, studio, project), build.deployment_format, form,
        build.engine, build.model_type or "",
    )  # fmt: skip


def _form_of(build: Deployment, request: Request) -> str:
    own = form_of_target(build.deployment_format)
    fitting = [form for form in request.forms if form == own or (own, form) == _AS_BUNDLE]
    runs = own != "eim" or request.target or build.deployment_format in request.runnable
    if not fitting or not (runs or request.forms == ("eim",)):
        raise InvalidInputError(
            f"version {build.deployment_version} was built for {build.deployment_format!r}, which "
            f"does not give what is wanted here ({', '.join(request.forms)}); name another version"
        )
    return fitting[0]


_AS_BUNDLE = ("library", "bundle")


def _check_wishes(build: Deployment, request: Request) -> None:
    pairs = {
        "target": (request.target, build.deployment_format),
        "engine": (request.engine, build.engine),
        "variant": (request.variant, build.model_type or ""),
    }
    for name, (wanted, found) in pairs.items():
        if wanted not in (None, found):
            raise _contradiction(build, name, wanted, found)
    impulse = (str(build.impulse_id), build.impulse_name)
    if request.impulse is not None and str(request.impulse) not in impulse:
        raise _contradiction(build, "impulse", request.impulse, build.impulse_id)


def _contradiction(build: Deployment, name: str, wanted: object, found: object) -> Exception:
    return InvalidInputError(
        f"version {build.deployment_version} has the {name} {found!r}, not {wanted!r}; leave one "
        f"of version= (--version) and {name}= (--{name}) out"
    )


def _is_default(impulse: ProjectImpulse, studio: Studio, project: int) -> bool:
    try:
        default, _ = choose_impulse(
            None, studio.impulses(project), project, lambda: studio.default_impulse(project)
        )
    except StudioError:  # there is no default
        return False
    return default.id == impulse.id
