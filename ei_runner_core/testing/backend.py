"""What every backend promises, of either kind."""

from __future__ import annotations

import gc
import os
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

import pytest

from .. import errors
from ..contract import BackendSpec, Session
from ..plugins import load_target, make_backend, registry
from .cases import Case
from .guard import Suite
from .resources import assert_nothing_leaks
from .scripts import modules_after_listing, run_fork
from .threads import PATIENCE, Worker

__all__ = ["BackendSuite"]

THREADS_EACH, CALLS, RUNS = 2, 20, 25
_NOISE = bytes(range(7, 256)) * 4
_UNREADABLE = (
    errors.ModelFormatError,
    errors.UnsupportedModelError,
    errors.ModelNotFoundError,
    errors.ProcessDiedError,  # of a model that is a program
)

AnyCase = TypeVar("AnyCase")

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "an empty file": lambda _: b"",
    "a file of noise": lambda _: _NOISE,
    "the first bytes": lambda content: content[: min(16, len(content) // 4)],
    "half of a file": lambda content: content[: len(content) // 2],
}


class BackendSuite(Suite):
    """What both kinds of backend promise; inherit the suite of the kind instead of this one.

    Set ``backend`` to its name, and override :meth:`cases` with models that it opens.
    """

    backend: ClassVar[str] = ""
    """The name of the backend, as in its spec."""

    options: ClassVar[Mapping[str, Any]] = {}
    """Options to open every case with."""

    survives_fork: ClassVar[bool] = True
    """Whether a forked child may open models of its own while its parent has some open."""

    kind: ClassVar[str] = ""

    def cases(self) -> Sequence[Case]:
        """The models to try, at least one. It is called when the tests are collected."""
        raise TypeError(f"{type(self).__name__} has to override cases()")

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give every case its own test."""
        if "case" in metafunc.fixturenames:
            several = at_least_one(self, self.cases())
            metafunc.parametrize("case", several, ids=[case.name for case in several])

    @pytest.fixture
    def spec(self) -> BackendSpec:
        """What the plugin says of the backend."""
        return registry().backend(self.backend or f"(set backend in {type(self).__name__})")

    @pytest.fixture
    def made(self, spec: BackendSpec) -> Any:
        """The backend itself."""
        return make_backend(spec)

    @pytest.fixture
    def model(self, case: Case, tmp_path: Path) -> Path:
        """The model of the case, on disk."""
        return case.save(tmp_path)

    @pytest.fixture
    def session(self, made: Any, case: Case, model: Path) -> Iterator[Any]:
        """The case, opened."""
        with case.open(made, model, self.options) as session:
            yield session

    def test_the_plugin_can_be_used(self, spec: BackendSpec) -> None:
        """``ei-runner backends`` lists it as ok; ``spec`` fails with the reason if it does not."""
        assert spec.name == self.backend

    def test_the_suite_is_the_one_for_its_kind(self, spec: BackendSpec) -> None:
        """Inherit ``TensorBackendSuite`` or ``ImpulseBackendSuite``, as the spec's kind says."""
        assert spec.kind == self.kind

    def test_the_spec_tells_what_it_opens(self, spec: BackendSpec) -> None:
        """``opens`` has suffixes such as ``.tflite``, in lower case, or kinds of source."""
        assert spec.opens, "the spec lists nothing that the backend opens"
        assert spec.summary, "the spec has no summary for the list of backends"
        assert all(entry == entry.lower().strip() for entry in spec.opens), spec.opens

    def test_listing_plugins_does_not_import_the_backend(self, spec: BackendSpec) -> None:
        """The module of the target, with the engine, is imported when it is used, not before."""
        assert spec.target.partition(":")[0] not in modules_after_listing()

    def test_the_target_is_a_backend_of_its_kind(self, spec: BackendSpec, made: Any) -> None:
        """The class derives from ``TensorBackend`` or ``ImpulseBackend``."""
        from ..contract import ImpulseBackend, TensorBackend

        assert isinstance(made, TensorBackend if spec.kind == "tensor" else ImpulseBackend)
        assert load_target(spec) is type(made)

    def test_it_supports_what_it_opens(self, made: Any, case: Case, model: Path) -> None:
        """``supports`` looks at the format, not into the file."""
        assert made.supports(case.described(model)).ok

    def test_it_answers_right(self, case: Case, session: Any) -> None:
        """The answers are within the tolerance of the case."""
        case.check(case.ask(session))

    def test_it_answers_the_same_again(self, case: Case, session: Any) -> None:
        """One call leaves nothing behind that the next one sees."""
        case.others(session)
        for _ in range(2):
            case.check(case.ask(session))

    def test_an_unknown_option_is_refused_by_name(self, made: Any, case: Case, model: Path) -> None:
        """A misspelt option is never ignored; ``authoring.read_options`` does this."""
        options = {**self.options, "no_such_option": 1}
        with pytest.raises(errors.InvalidInputError, match="no_such_option"):
            case.open(made, model, options)

    def test_the_options_of_the_user_are_left_alone(
        self, made: Any, case: Case, model: Path
    ) -> None:
        """``open`` does not change the mapping that it gets."""
        options = dict(self.options)
        case.open(made, model, options).close()
        assert options == self.options

    @pytest.mark.parametrize("damage", DAMAGES)
    def test_a_damaged_model_is_one_clear_error(
        self, made: Any, case: Case, model: Path, damage: str
    ) -> None:
        """It is a ``ModelFormatError`` (or another that says what is wrong), in one line."""
        case.damage(model, DAMAGES[damage])
        with pytest.raises(_UNREADABLE) as caught:
            case.open(made, model, self.options)
        assert_clear(caught.value)

    def test_closing_twice_is_legal(self, made: Any, case: Case, model: Path) -> None:
        """The second ``close`` does nothing."""
        session = case.open(made, model, self.options)
        session.close()
        session.close()

    def test_a_closed_session_says_so(self, made: Any, case: Case, model: Path) -> None:
        """Using it is an ``InferenceError``, before native code sees anything."""
        with case.open(made, model, self.options) as session:
            case.check(case.ask(session))
        with pytest.raises(errors.InferenceError) as caught:
            case.ask(session)
        assert_clear(caught.value)

    def test_two_sessions_do_not_touch_each_other(
        self, made: Any, case: Case, model: Path, session: Any
    ) -> None:
        """The same model opened twice has two states, and closing one leaves the other."""
        with case.open(made, model, self.options) as other:
            case.check(case.ask(session))
            case.others(other)
            case.check(case.ask(session))
            case.check(case.ask(other))
        case.check(case.ask(session))

    def test_threads_may_share_a_session(self, case: Case, session: Any) -> None:
        """Each gets its own answer; a lock is enough, one call at a time is the contract."""

        def work(own: Case) -> None:
            for _ in range(CALLS):
                own.check(own.ask(session))

        questions = [case, *case.others(session)] * THREADS_EACH
        for worker in [Worker(partial(work, question)) for question in questions]:
            worker.finish()

    def test_closing_while_another_thread_runs_is_safe(
        self, made: Any, case: Case, model: Path
    ) -> None:
        """The calls that were made before it answer right, those after it say that it is closed."""
        session = case.open(made, model, self.options)
        began, closed = threading.Event(), threading.Event()

        def work() -> None:
            try:
                while True:
                    was_closed = closed.is_set()
                    answer = case.ask(session)
                    began.set()
                    case.check(answer)
                    assert not was_closed, "the session still answers after close()"
            except errors.InferenceError:
                pass
            finally:
                began.set()

        workers = [Worker(work) for _ in range(2)]
        assert began.wait(PATIENCE), "no thread got an answer"
        session.close()
        closed.set()
        for worker in workers:
            worker.finish()

    @pytest.mark.parametrize("end", ["closed", "forgotten"])
    def test_opening_and_ending_leaks_nothing(
        self, made: Any, case: Case, model: Path, end: str
    ) -> None:
        """Files, threads and memory come back, also without ``close``."""

        def cycle() -> None:
            session: Session = case.open(made, model, self.options)
            case.ask(session)
            if end == "closed":
                session.close()

        assert_nothing_leaks(cycle)

    def test_running_leaks_nothing(self, case: Case, session: Any) -> None:
        """A thousand runs of one session leave no more behind than a few."""

        def cycle() -> None:
            for _ in range(RUNS):
                case.ask(session)

        assert_nothing_leaks(cycle)

    def test_a_model_that_is_refused_leaks_nothing(
        self, made: Any, case: Case, model: Path
    ) -> None:
        """What was opened on the way to an error is closed again."""
        case.damage(model, DAMAGES["half of a file"])

        def cycle() -> None:
            with pytest.raises(_UNREADABLE):
                case.open(made, model, self.options)

        assert_nothing_leaks(cycle)

    def test_a_forgotten_session_is_freed(self, made: Any, case: Case, model: Path) -> None:
        """Nothing global holds on to it: no registry, no callback, no thread."""
        session = case.open(made, model, self.options)
        case.ask(session)
        gone = weakref.ref(session)
        del session
        gc.collect()
        assert gone() is None, "something still holds on to the session"

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
    def test_a_forked_child_refuses_and_ends(self, tmp_path: Path) -> None:
        """``authoring.keep_in_forked_child`` is for engines whose threads would be waited for."""
        self.fork("idle", tmp_path)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
    def test_a_child_that_is_forked_in_the_middle_of_a_run_ends(self, tmp_path: Path) -> None:
        """No lock that another thread held stays locked in the child."""
        self.fork("running", tmp_path)

    def fork(self, when: Literal["idle", "running"], folder: Path) -> None:
        """Fork a process with the first case open, and see that parent and child are well."""
        if not self.survives_fork:
            pytest.skip(f"{self.backend} says that it cannot be used after a fork")
        case = self.cases()[0]
        model = case.save(folder)
        assert not run_fork(when, self.backend, model, self.options, case.arrays, folder)


def at_least_one(suite: object, cases: Sequence[AnyCase]) -> Sequence[AnyCase]:
    """The cases of a suite; none would prove nothing."""
    if not cases:
        raise pytest.UsageError(f"{type(suite).__name__}.cases() gives none, expected at least one")
    return cases


def assert_clear(error: BaseException) -> None:
    """A leaf of the error tree with a message of one line."""
    assert not type(error).__subclasses__(), f"{type(error).__name__} is not a leaf"
    assert type(error).__name__ in errors.__all__, f"{type(error)} is not of ei_runner_core"
    text = str(error)
    assert text.strip(), "the error has no message"
    assert "\n" not in text, f"the message has more than one line: {text!r}"
