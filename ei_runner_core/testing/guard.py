"""What all suites have in common: a promise cannot be dropped in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["Suite"]

_GIVING_UP = ("xfail", "skip")


class Suite:
    """A set of tests to inherit.

    A subclass may add tests and override the methods that the suite documents. A test of the suite
    can be overridden only openly, marked with ``@pytest.mark.xfail(reason=...)`` or
    ``@pytest.mark.skip(reason=...)``, so that a promise that is not kept can be read in the report.

    Raises:
        TypeError: when a subclass is made that overrides a test of the suite without such a mark.
    """

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if vars(cls).get("__test__") is False or not all(map(_is_open, _marks(vars(cls)))):
            raise TypeError(
                f"{cls.__name__} takes all tests of its suite away; mark single ones, with a reason"
            )
        for suite, name in _promises(cls):
            if not _is_kept(cls, suite, name):
                raise TypeError(
                    f"{cls.__name__} overrides {name} of {suite.__name__}; to say that the plugin "
                    "does not keep this promise, mark it with "
                    '@pytest.mark.xfail(reason="...") or @pytest.mark.skip(reason="...")'
                )


def _promises(cls: type) -> Iterator[tuple[type, str]]:
    """The tests that a class inherits, each with the suite of this package that brings it."""
    for suite in cls.__mro__[1:]:
        if suite.__module__.startswith(__package__):
            yield from ((suite, name) for name in vars(suite) if name.startswith("test_"))


def _is_kept(cls: type, suite: type, name: str) -> bool:
    test = getattr(cls, name, None)
    if test is vars(suite)[name] or cls.__module__.startswith(__package__):
        return True
    marks = [mark for mark in _marks(getattr(test, "__dict__", {})) if mark.name in _GIVING_UP]
    return bool(marks) and all(map(_is_open, marks))


def _marks(attributes: Mapping[str, Any]) -> Sequence[Any]:
    marks = attributes.get("pytestmark", ())
    return marks if isinstance(marks, Sequence) else (marks,)


def _is_open(mark: Any) -> bool:
    """Whether a mark gives nothing up, or says why."""
    name = getattr(mark, "name", "")
    if name not in _GIVING_UP:
        return True
    reason = mark.kwargs.get("reason") or (mark.args[0] if name == "skip" and mark.args else "")
    return bool(str(reason).strip())
