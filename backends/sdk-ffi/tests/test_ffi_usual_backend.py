"""Which backend runs the network of a model where nobody names one."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_distributions import add_distribution, backend_code, hide_backends

from ei_runner_core import BackendNotFoundError, Network, plugins
from ei_runner_sdk_ffi.native import ffi
from ei_runner_sdk_ffi.network import NetworkBridge
from ei_runner_sdk_ffi.usual_backend import usual_backend

TFLITE = Network("the network", ".tflite")
TAKES_NONE = """
class Picky:
    def supports(self, network):
        return Support(ok=False, reason="it needs an SDK")
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes a tensor backend look installed, one that takes a network or one that does not."""
    hide_backends(monkeypatch)
    monkeypatch.syspath_prepend(str(tmp_path))

    def installer(name: str, target: str) -> None:
        code = backend_code(name, (".tflite",), target)
        if target.startswith(name):
            code += "from ei_runner_core import Support\n" + TAKES_NONE
        add_distribution(tmp_path, name, code)
        plugins.refresh()

    yield installer
    monkeypatch.undo()
    plugins.refresh()


def test_it_is_the_first_that_takes_the_network_and_not_the_first_that_knows_its_format(install):
    install("apicky", "apicky:Picky")
    install("willing", "ffi_network_stub:StubBackend")
    install("xwilling", "ffi_network_stub:StubBackend")

    assert usual_backend(TFLITE) == "willing"


def test_a_backend_that_cannot_be_made_is_passed_over(install):
    install("abroken", "nowhere_at_all:Backend")
    install("willing", "ffi_network_stub:StubBackend")

    assert usual_backend(TFLITE) == "willing"


def test_the_order_is_that_of_ei_runner(install):
    install("aaa", "ffi_network_stub:StubBackend")
    install("full-tflite", "ffi_network_stub:StubBackend")

    assert usual_backend(TFLITE) == "full-tflite"


@pytest.mark.parametrize("refusing", [(), ("apicky",)])
def test_where_none_takes_it_the_error_says_what_to_install(install, refusing):
    for name in refusing:
        install(name, f"{name}:Picky")

    with pytest.raises(BackendNotFoundError, match=r"pip install 'ei-runner\[full-tflite\]'"):
        NetworkBridge(ffi, usual_backend(TFLITE))
