"""What a package of a model is called, and what it requires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .._version import __version__
from ..errors import InvalidInputError
from ..plugins import BUILTIN, FIRST_PARTY_EXTRAS

__all__ = ["Identity", "backend_requirement", "extra_requirement", "identify"]

MAX_NAME_LENGTH = 100
_EXTRAS = (*FIRST_PARTY_EXTRAS, "tvm-runtime")  # which runs what is compiled, without a compiler
_OWN_NAMES = (BUILTIN, *(f"{BUILTIN}-{extra}" for extra in FIRST_PARTY_EXTRAS))


@dataclass(frozen=True)
class Identity:
    """A name and a version in their normal forms, what has to be installed with it, and where.

    ``platform`` is the tag of the only platform that the package is for, such as
    ``manylinux_2_28_x86_64``; it is ``any`` for data.
    """

    name: str
    version: str
    requirements: tuple[str, ...]
    platform: str = "any"

    @property
    def package(self) -> str:
        """The import name, in a space of its own so that it hides no other package."""
        return f"ei_runner_model_{self._file_name}"

    @property
    def wheel_name(self) -> str:
        """The name of the wheel's file."""
        return f"{self._file_name}-{self.version}-py3-none-{self.platform}.whl"

    @property
    def _file_name(self) -> str:
        return self.name.replace("-", "_")


def identify(name: str, version: str, requirements: Sequence[str] = ()) -> Identity:
    """Check and normalise what a user chose.

    Args:
        name: of the model and of the distribution that brings it.
        version: of the distribution.
        requirements: what is installed with it, as ``pip`` takes them.

    Raises:
        InvalidInputError: the name or the version cannot be used.
    """
    return Identity(_normal_name(name), _normal_version(version), tuple(requirements))


def extra_requirement(backend: str | None) -> str:
    """The core of the minor version that makes a package, with the extra of one of its backends.

    Raises:
        InvalidInputError: it has no such extra.
    """
    from .._plugin_filter import normal_name

    extra = "" if backend is None else normal_name(backend)
    if backend is not None and extra not in _EXTRAS:
        raise InvalidInputError(
            f"there is no backend {_short(backend)} that ei-runner could require; expected one of "
            f"{', '.join(_EXTRAS)}; leave it out for a backend of your own"
        )
    return f"{BUILTIN}{extra and f'[{extra}]'}{_this_minor_version()}"


def backend_requirement(backend: str) -> str:
    """The distribution that brings a backend, from the version on that is used here.

    Raises:
        InvalidInputError: it is neither one of ei-runner nor installed.
    """
    from .._plugin_filter import normal_name
    from ..plugins import registry

    name = normal_name(backend)
    if name in FIRST_PARTY_EXTRAS:
        return f"{BUILTIN}-{name}{_this_minor_version()}"
    for row in registry().rows:
        if normal_name(row.name) == name and row.distribution:
            return f"{row.distribution}>={row.version}"
    raise InvalidInputError(
        f"no distribution brings the backend {_short(backend)}, which the package would have to "
        "require; install the one that does"
    )


def _this_minor_version() -> str:
    major, minor = map(int, __version__.split(".")[:2])
    return f">={major}.{minor},<{major}.{minor + 1}"


def _normal_name(name: str) -> str:
    from packaging.utils import InvalidName, canonicalize_name

    try:
        normal = canonicalize_name(name, validate=True)
        is_ascii = name.isascii() and name == name.strip()
    except (InvalidName, TypeError, AttributeError):
        is_ascii = False
    if not is_ascii or len(name) > MAX_NAME_LENGTH:
        raise InvalidInputError(
            f"a package cannot be called {_short(name)}; expected at most {MAX_NAME_LENGTH} "
            "letters a-z, digits, '-', '_' and '.', with a letter or digit at both ends"
        )
    if normal in _OWN_NAMES or _is_program(normal):
        raise InvalidInputError(
            f"{name!r} is the name of a package of programs, which the package would replace where "
            "it is installed; choose another name"
        )
    return normal


def _is_program(name: str) -> bool:
    """Whether something is installed under that name that is no model."""
    from importlib.metadata import PackageNotFoundError, distribution

    from .._model_packages import ENTRY_POINT_GROUP

    try:
        found = distribution(name).entry_points
    except PackageNotFoundError:
        return False
    return not any(entry_point.group == ENTRY_POINT_GROUP for entry_point in found)


def _normal_version(version: str) -> str:
    from packaging.version import InvalidVersion, Version

    try:
        normal = str(Version(version))
    except (InvalidVersion, TypeError):
        normal = ""
    if not normal or len(normal) > MAX_NAME_LENGTH:
        raise InvalidInputError(
            f"{_short(version)} is no version of a Python package; expected numbers with dots, "
            "such as 1.0 or 2.1.3"
        )
    return normal


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MAX_NAME_LENGTH else f"{text[:MAX_NAME_LENGTH]}..."
