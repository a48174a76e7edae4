"""What ``ei-runner doctor`` looks at."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

from .._entry_points import EntryPoint
from .._platform import current_platform
from .._plugin_errors import blamed_on_plugin
from .._version import __version__
from ..contract import BackendSpec, ModelSource
from ..errors import (
    EdgeImpulseError,
    ModelNotFoundError,
    PluginError,
)
from ..plugins import FIRST_PARTY_EXTRAS, PluginRow, install_hint, make_backend, registry
from ._plugin_commands import load_command, plugin_commands

__all__ = ["Check", "examine", "next_step"]

_NAME_END = re.compile(r"[^A-Za-z0-9._-]")
CORE = "ei-runner"
OPTIONAL = {"pillow": ("reads and resizes pictures", "images")}
VARIABLES = (
    "EI_MODEL",
    "EI_PROJECT_ID",
    "EI_HOST",
    "EI_ENGINE",
    "EI_BACKEND",
    "EI_RUNNER_CACHE",
    "EI_RUNNER_OFFLINE",
    "EI_RUNNER_DISABLE",
    "EI_RUNNER_PLUGINS",
)
SECRETS = ("EI_API_KEY",)


@dataclass(frozen=True)
class Check:
    """One line of the report; ``status`` is ok, broken, missing, disabled or empty for a fact."""

    what: str
    status: str
    detail: str

    def to_dict(self) -> dict[str, Any]:
        """The check as JSON."""
        return asdict(self)


def examine() -> Iterator[Check]:
    """Look at everything, from the ground up."""
    yield _python()
    yield Check("platform", "", f"{current_platform()} ({platform.platform()})")
    yield from _distributions()
    yield from _libraries()
    yield from _backends()
    yield from _broken_plugins()
    yield from _commands()
    yield from _installed_models()
    yield from _variables()
    yield from _login()
    yield _model()


def next_step(checks: Sequence[Check]) -> str:
    """The one thing to type next."""
    broken = list(dict.fromkeys(check.what for check in checks if check.status == "broken"))
    if _no_engine(checks):
        return f"no engine is installed; {install_hint('full-tflite')}"
    if broken:
        return f"repair what is broken: {', '.join(broken)}"
    if any(check.what == "model" and check.status == "ok" for check in checks):
        return "ei-runner info, then ei-runner run INPUT"
    return "ei-runner demo, or ei-runner run -m MODEL INPUT"


def _no_engine(checks: Sequence[Check]) -> bool:
    return any(check.what == "backends" for check in checks)


def _python() -> Check:
    text = f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}"
    return Check("Python", "ok", text)


def _distributions() -> Iterator[Check]:
    """The core and its own backends, which are released together."""
    yield Check(CORE, "ok", __version__)
    for extra in FIRST_PARTY_EXTRAS:
        name = f"{CORE}-{extra}"
        status, found = _version_of(name, "", "not installed")
        if status and found != __version__:
            status = "broken"
            found += (
                f" does not go with {CORE} {__version__}, all parts have the same version; "
                f"upgrade with: pip install -U 'ei-runner[{extra}]'"
            )
        if status:
            yield Check(name, status, found)


def _libraries() -> Iterator[Check]:
    for name in _required():
        yield Check(name, *_version_of(name, "broken", f"missing; pip install {name}"))
    for name, (purpose, extra) in OPTIONAL.items():
        hint = f"not installed; it {purpose}: pip install 'ei-runner[{extra}]'"
        yield Check(name, *_version_of(name, "missing", hint))


def _required() -> list[str]:
    """The names of the core's own requirements, without those of its extras."""
    try:
        requirements = requires(CORE) or []
    except PackageNotFoundError:  # run from a folder, not installed
        return []
    plain = (text for text in requirements if "extra ==" not in text)
    return [_NAME_END.split(text, maxsplit=1)[0] for text in plain]


def _version_of(name: str, otherwise: str, hint: str) -> tuple[str, str]:
    try:
        return "ok", version(name)
    except PackageNotFoundError:
        return otherwise, hint


def _backends() -> Iterator[Check]:
    checks = [_loaded(row) for row in registry().rows if row.kind == "backend"]
    yield from checks
    if not any(check.status == "ok" for check in checks):
        yield Check("backends", "broken", f"none that works; {install_hint('full-tflite')}")


def _loaded(row: PluginRow) -> Check:
    what = f"backend {row.name}"
    if row.status != "ok" or not isinstance(row.spec, BackendSpec):
        return Check(what, _severity(row), row.reason)
    try:
        backend = make_backend(row.spec)
        with blamed_on_plugin(PluginError, f"the backend {row.spec.name!r} gives no hint"):
            hint = backend.hint() if hasattr(backend, "hint") else ""
    except EdgeImpulseError as error:
        return Check(what, "broken", str(error))
    found = f"{row.distribution} {row.version}{_engines(row.distribution)}".strip()
    return Check(what, "ok", f"{found}; {hint}" if hint else found)


def _engines(distribution: str) -> str:
    """What a backend requires besides the core, with the versions that are installed."""
    from packaging.requirements import Requirement

    try:
        found = [Requirement(text) for text in requires(distribution) or []]
    except PackageNotFoundError:
        return ""
    names = dict.fromkeys(r.name for r in found if not r.marker or r.marker.evaluate({"extra": ""}))
    own = [f"{n} {_version_of(n, '', 'missing')[1]}" for n in names if n not in (CORE, "numpy")]
    return f", with {', '.join(own)}" if own else ""


def _severity(row: PluginRow) -> str:
    return "disabled" if row.status == "disabled" else "broken"


def _broken_plugins() -> Iterator[Check]:
    for row in registry().rows:
        if row.kind != "backend" and row.status != "ok":
            yield Check(f"{row.kind} {row.name}", _severity(row), row.reason)


def _commands() -> Iterator[Check]:
    for name, offers in plugin_commands().items():
        yield _loaded_command(name, offers)


def _loaded_command(name: str, offers: Sequence[EntryPoint]) -> Check:
    try:
        load_command(name, offers)
    except EdgeImpulseError as error:
        return Check(f"command {name}", "broken", str(error))
    return Check(f"command {name}", "ok", f"from {offers[0].distribution}")


def _installed_models() -> Iterator[Check]:
    from ..installed_models import installed_models

    for model in installed_models():
        origin = f"{model.distribution} {model.version}".strip()
        detail = f"{origin}: {model.reason}" if model.reason else f"from {origin}, {model.path}"
        yield Check(f"installed model {model.name}", "broken" if model.reason else "ok", detail)


def _variables() -> Iterator[Check]:
    for name in VARIABLES:
        if name in os.environ:
            yield Check(name, "", os.environ[name] or "set and empty")
    for name in SECRETS:
        yield Check(name, "", "set" if os.environ.get(name) else "not set")
    if wanted := os.environ.get("EI_BACKEND"):
        try:
            registry().backend(wanted)
        except EdgeImpulseError as error:
            yield Check("EI_BACKEND", "broken", str(error))


def _login() -> Iterator[Check]:
    """Whom ``ei-runner login`` remembers for the Studio in use; never the key."""
    from .._http import Hosts
    from ..credentials import read_login

    try:
        studio = Hosts.find().studio
        login = read_login(studio)
    except EdgeImpulseError as error:
        yield Check("login", "broken", str(error))
        return
    if login is not None:
        project = f"project {login.project_id}" if login.project_id else "no project chosen"
        yield Check("login", "ok", f"{studio}, {project}")


def _model() -> Check:
    """The model that is used when none is named; a variable that leads nowhere is a mistake."""
    from ..locate import is_in_studio, locate

    try:
        if is_in_studio():  # looking closer could download it, or even have it built
            return Check("model", "", "in Studio, by EI_PROJECT_ID: see it with ei-runner models")
        source = locate(None)
    except EdgeImpulseError as error:
        is_named = os.environ.get("EI_MODEL") or os.environ.get("EI_PROJECT_ID")
        is_wish = isinstance(error, ModelNotFoundError) and not is_named
        return Check("model", "" if is_wish else "broken", str(error))
    problem = _problem_of(source)
    return Check(
        "model", "broken" if problem else "ok", problem or f"{source.path} ({source.kind})"
    )


def _problem_of(source: ModelSource) -> str:
    """Why a model does not open; that there is no backend at all stands elsewhere."""
    from ._opening import open_quietly

    try:
        open_quietly(source).close()
    except EdgeImpulseError as error:
        return str(error) if registry().backends else ""
    return ""
