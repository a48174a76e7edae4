"""Backends that fail when they are made, asked or opened: one clear error, nothing left open."""

from __future__ import annotations

import json

import pytest
from dense_models import impulse_document
from fake_distributions import add_distribution

from ei_runner_core import (
    BackendUnavailableError,
    EdgeImpulseModel,
    ModelFormatError,
    PluginError,
    plugins,
)
from ei_runner_core.locate import locate
from ei_runner_core.selection import select_backend

# A sound backend; each test appends what is wrong with it.
SOUND = """
from pathlib import Path
from types import SimpleNamespace
from ei_runner_core import (
    BackendSpec, ImpulseBackend, ImpulseSession, ModelFormatError, ModelParameters, Support,
    TensorBackend, TensorSession, TensorSpec, hookimpl,
)

@hookimpl
def ei_runner_backends():
    return BackendSpec("sdk-ffi", "KIND", "NAME:Backend", opens=(".dense", "bundle"))

class Session(TensorSession):
    inputs = (TensorSpec("values", (1, 6), "float32"),)
    outputs = (TensorSpec("scores", (1, 3), "float32"),)
    closed = 0

    def run(self, inputs):
        import numpy as np
        return (np.zeros((1, 3), np.float32),)

    def close(self):
        Session.closed += 1

class Backend(TensorBackend):
    def supports(self, network):
        return Support(True)

    def open(self, network, options):
        return Session()

class Odd(BaseException):
    pass

class Mute(Exception):
    def __str__(self):
        raise RuntimeError
"""


@pytest.fixture
def bad(dense, monkeypatch):
    """Install the preferred backend with something wrong in it; returns its module's name."""
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "dense,bad-plugin")

    def install(fault: str, kind: str = "tensor") -> str:
        code = SOUND.replace("KIND", kind).replace("NAME", "bad_plugin") + fault
        add_distribution(dense, "bad-plugin", code)
        plugins.refresh()
        return "bad_plugin"

    return install


def closed_sessions() -> int:
    import bad_plugin

    return bad_plugin.Session.closed


def method(name: str, body: str, owner: str = "Backend") -> str:
    return f"def {name}(self, *_):\n    {body}\n{owner}.{name} = {name}\n"


UNUSABLE = {
    "constructor": (method("__init__", "raise OSError('no device')"), "OSError: no device"),
    "exit": (method("__init__", "raise SystemExit(3)"), "SystemExit: 3"),
    "odd": (method("__init__", "raise Odd('x')"), "Odd: x"),
    "mute": (method("__init__", "raise Mute"), "Mute: its message cannot be read"),
    "stop": (method("__init__", "raise StopIteration"), "StopIteration"),
    "abstract": ("Backend = TensorBackend", "TypeError: Can't instantiate abstract class"),
}
BREACHES = {
    "not-callable": ("Backend = 5", "its target 'bad_plugin:Backend' is 5, expected a class"),
    "supports-raises": (method("supports", "1 / 0"), "its supports() failed: ZeroDivisionError"),
    "supports-exits": (method("supports", "raise SystemExit"), "its supports() failed: SystemExit"),
    "none": (method("supports", "pass"), "its supports() returned None, expected a Support"),
    "bool": (method("supports", "return True"), "supports() returned True, expected a Support"),
    "no-supports": ("class Backend: pass", "its supports() failed: AttributeError"),
}


@pytest.mark.parametrize(("fault", "reason"), [*UNUSABLE.values(), *BREACHES.values()])
def test_a_preferred_backend_that_fails_is_passed_over_with_its_reason(bad, bundle, fault, reason):
    bad(fault)
    with EdgeImpulseModel(bundle) as model:
        assert model.backend_name == "dense"
        [(name, why)] = model.selection.considered
    assert name == "sdk-ffi"
    assert reason in why


@pytest.mark.parametrize(
    ("error", "fault", "reason"),
    [
        *((BackendUnavailableError, *case) for case in UNUSABLE.values()),
        *((PluginError, *case) for case in BREACHES.values()),
    ],
)
def test_a_backend_that_fails_is_an_error_when_asked_for(bad, bundle, error, fault, reason):
    bad(fault)
    with pytest.raises(error) as caught:
        EdgeImpulseModel(bundle, backend="sdk-ffi")
    assert "the backend 'sdk-ffi' " in str(caught.value)
    assert reason in str(caught.value)
    is_raised_by_plugin = not any(word in reason for word in ("returned", "is 5"))
    assert (caught.value.__cause__ is not None) is is_raised_by_plugin


def test_the_fake_backend_works_without_a_fault(bad, bundle):
    bad("")
    assert select_backend(locate(bundle)).spec.name == "sdk-ffi"
    with EdgeImpulseModel(bundle) as model:
        assert model.backend_name == "sdk-ffi"
    assert closed_sessions() == 1


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("OSError('no device')", "OSError: no device"),
        ("SystemExit(2)", "SystemExit: 2"),
        ("Odd('x')", "Odd: x"),
        ("Mute", "Mute: its message cannot be read"),
    ],
)
@pytest.mark.parametrize("kind", ["tensor", "impulse"])
def test_an_engine_that_fails_to_open_is_named_with_the_path(bad, bundle, kind, error, text):
    bad(method("open", f"raise {error}"), kind)
    with pytest.raises(BackendUnavailableError) as caught:
        EdgeImpulseModel(bundle)
    path = bundle / "network.dense" if kind == "tensor" else bundle
    assert str(caught.value) == f"the backend 'sdk-ffi' failed to open {path}: {text}"
    assert caught.value.__cause__ is not None


def test_a_clear_error_of_the_backend_stays_as_it_is(bad, bundle):
    bad(method("open", "raise ModelFormatError('page 3 is torn')"))
    with pytest.raises(ModelFormatError, match=r"^page 3 is torn$"):
        EdgeImpulseModel(bundle)


def test_control_c_stops_the_opening(bad, bundle):
    bad(method("open", "raise KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        EdgeImpulseModel(bundle)


@pytest.mark.parametrize("kind", ["tensor", "impulse"])
@pytest.mark.parametrize("answer", ["None", "5", "SimpleNamespace(inputs=(), outputs=())"])
def test_what_is_no_session_is_refused(bad, bundle, kind, answer):
    bad(method("open", f"return {answer}"), kind)
    expected = "a TensorSession" if kind == "tensor" else "an ImpulseSession"
    with pytest.raises(
        PluginError, match=rf"'sdk-ffi' .* open\(\) returned .*, expected {expected}"
    ):
        EdgeImpulseModel(bundle)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("del Session.inputs", "its session has no inputs: AttributeError"),
        ("del Session.outputs", "its session has no outputs: AttributeError"),
        ("Session.inputs = None", "the inputs of its session are None, expected a tuple of Tens"),
        ("Session.inputs = list(Session.inputs)", "the inputs of its session are [TensorSpec"),
        ("Session.outputs = ('scores',)", "the outputs of its session are ('scores',), expected"),
        ("Session.inputs = property(lambda self: 1 / 0)", "no inputs: ZeroDivisionError"),
    ],
)
def test_a_session_without_sound_tensors_is_refused_and_closed(bad, bundle, fault, reason):
    bad(fault)
    with pytest.raises(PluginError) as caught:
        EdgeImpulseModel(bundle)
    assert "the backend 'sdk-ffi' breaks the contract: " in str(caught.value)
    assert reason in str(caught.value)
    assert closed_sessions() == 1


def test_a_network_without_outputs_is_refused_and_closed(bad, bundle):
    bad("Session.outputs = ()")
    with pytest.raises(ModelFormatError, match=r"network\.dense has no outputs, expected at least"):
        EdgeImpulseModel(bundle)
    assert closed_sessions() == 1


WHOLE = """
class Whole(ImpulseSession):
    impulse = None
    parameters = ModelParameters(input_features_count=6)
    def close(self):
        Session.closed += 1
Whole.__abstractmethods__ = frozenset()
Backend.open = lambda *_: Whole()
"""


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("del Whole.parameters", "its session has no parameters: AttributeError"),
        ("Whole.parameters = {}", "the parameters of its session are no ModelParameters"),
        ("del Whole.impulse", "its session has no impulse: AttributeError"),
        ("Whole.impulse = 5", "the impulse of its session is neither an Impulse nor None"),
    ],
)
def test_a_whole_impulse_without_sound_fields_is_refused_and_closed(bad, bundle, fault, reason):
    bad(WHOLE + fault, "impulse")
    with pytest.raises(PluginError) as caught:
        EdgeImpulseModel(bundle)
    assert reason in str(caught.value)
    assert closed_sessions() == 1


@pytest.fixture
def two_networks(bundle):
    """A bundle of two networks; the second one is handed to the backend last."""
    document = impulse_document()
    first = document["learn"][0]
    document["learn"].append({**first, "id": 5, "files": ["second.dense"]})
    document["postprocessing"].append({"id": 6, "type": "classification", "input": 5})
    (bundle / "impulse.json").write_text(json.dumps(document))
    (bundle / "second.dense").write_bytes((bundle / "network.dense").read_bytes())
    return bundle


SECOND_FAILS = """
def open_first(self, network, options):
    if network.path.name == "second.dense":
        raise OSError("full")
    return Session()
Backend.open = open_first
"""


def test_when_the_second_network_fails_the_first_is_closed(bad, two_networks):
    bad(SECOND_FAILS)
    with pytest.raises(BackendUnavailableError, match=r"open .*second\.dense: OSError: full"):
        EdgeImpulseModel(two_networks)
    assert closed_sessions() == 1


@pytest.mark.parametrize("error", ["OSError('again')", "SystemExit", "Odd", "Mute"])
def test_a_close_that_fails_does_not_hide_why_it_was_closed(bad, two_networks, error):
    close = method("close", f"Session.closed += 1; raise {error}", "Session")
    bad(SECOND_FAILS + close)
    with pytest.raises(BackendUnavailableError, match="OSError: full"):
        EdgeImpulseModel(two_networks)
    assert closed_sessions() == 1


def test_tensors_that_contradict_the_impulse_close_the_session(bad, bundle):
    bad("Session.inputs = (TensorSpec('values', (1, 7), 'float32'),)")
    with pytest.raises(ModelFormatError):
        EdgeImpulseModel(bundle)
    assert closed_sessions() == 1
