"""External delegates, with a real one: a shared library made by the system's compiler."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ei_runner_core import InvalidInputError, UnsupportedModelError

pytestmark = [
    pytest.mark.requires("compiler"),
    pytest.mark.skipif(
        sys.platform == "win32", reason="builds with the options of a Unix compiler"
    ),
]

# A delegate that claims no operators. It takes the options "level" and "log"; a log gets a line
# when the delegate ends. The struct is the runtime's public TfLiteDelegate.
SOURCE = r"""
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

struct Delegate {
  void* data;
  int (*prepare)(void*, Delegate*);
  void *from_handle, *to_handle, *free_handle;
  std::int64_t flags;
  void* builder;
};

static int accept(void*, Delegate*) { return 0; }
static int decline(void*, Delegate*) { return 1; }

extern "C" Delegate* tflite_plugin_create_delegate(
    char** keys, char** values, std::size_t count, void (*report)(const char*)) {
  auto* delegate = new Delegate{};
  delegate->prepare = accept;
  for (std::size_t i = 0; i < count; i++) {
    std::string key = keys[i];
    if (key == "log") delegate->data = new std::string(values[i]);
    else if (key == "level" && !std::strcmp(values[i], "7")) delegate->prepare = decline;
    else if (key != "level") {
      report(("no option " + key + "=" + values[i]).c_str());
      delete delegate;
      return nullptr;
    }
  }
  return delegate;
}

extern "C" void tflite_plugin_destroy_delegate(Delegate* delegate) {
  if (!delegate) return;
  if (auto* log = static_cast<std::string*>(delegate->data)) {
    if (std::FILE* file = std::fopen(log->c_str(), "a")) {
      std::fputs("ended\n", file);
      std::fclose(file);
    }
    delete log;
  }
  delete delegate;
}
"""


def build(folder: Path, name: str, source: str) -> Path:
    library = folder / f"{name}.so"
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))))
    code = library.with_suffix(".cpp")
    code.write_text(source)
    command = [compiler, "-std=c++17", "-shared", "-fPIC", "-o", str(library), str(code)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return library


@pytest.fixture(scope="module")
def delegate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("delegate"), "delegate", SOURCE)


ROW = np.ones((1, 4), np.float32)


def test_a_delegate_is_loaded_and_the_network_runs(open_network, delegate):
    for delegates in ([delegate], [str(delegate)], str(delegate), [{"path": delegate}]):
        session = open_network("add", delegates=delegates)
        np.testing.assert_array_equal(session.run([ROW])[0], ROW + 1)


def test_a_delegate_lives_as_long_as_its_network(open_network, delegate, tmp_path):
    log = tmp_path / "log"
    options = {"level": 3, "log": str(log)}
    session = open_network("add", delegates=[{"path": delegate, "options": options}])
    session.run([ROW])
    assert not log.exists()

    session.close()

    assert log.read_text() == "ended\n"


def test_two_delegates_are_asked_in_order(open_network, delegate, tmp_path):
    log = tmp_path / "log"
    entries = [{"path": delegate, "options": {"log": str(log)}} for _ in range(2)]
    open_network("add", delegates=entries).close()

    assert log.read_text() == "ended\nended\n"


@pytest.mark.parametrize(
    ("value", "text"), [(True, "1"), (False, "0"), (2, "2"), (0.5, "0.5"), ("x y", "x y")]
)
def test_a_refused_option_is_told_in_the_words_of_the_delegate(open_network, delegate, value, text):
    with pytest.raises(InvalidInputError, match=f"refuses to start: no option speed={text} "):
        open_network("add", delegates=[{"path": delegate, "options": {"speed": value}}])


def test_a_delegate_that_declines_the_network_is_named(open_network, delegate):
    declining = [{"path": delegate, "options": {"level": 7}}]

    with pytest.raises(UnsupportedModelError, match="with the delegate delegate.so"):
        open_network("add", delegates=declining)


def test_a_library_that_is_no_delegate_is_refused(open_network, tmp_path):
    library = build(tmp_path, "other", 'extern "C" int answer() { return 42; }')

    with pytest.raises(InvalidInputError, match="lacks tflite_plugin_create_delegate"):
        open_network("add", delegates=[library])


def test_a_dynamic_network_keeps_its_delegate(open_network, delegate):
    session = open_network("dynamic_batch", delegates=[delegate])

    for size in (1, 4, 2):
        assert session.run([np.ones((size, 4), np.float32)])[0].shape == (size, 3)


def test_a_custom_operator_that_no_delegate_brings_is_still_named(open_network, delegate):
    with pytest.raises(UnsupportedModelError, match="custom operator 'Frobnicate'"):
        open_network("custom_op", delegates=[delegate])


def test_what_a_delegate_leaves_to_the_cpu_can_be_refused(open_network, delegate):
    message = "delegate.so takes 0 of the 1 operators of add.tflite; the CPU would run 1: ADD .0.; "
    with pytest.raises(UnsupportedModelError, match=message):
        open_network("add", delegates=[delegate], allow_cpu=False)


def test_what_a_delegate_takes_is_told_in_the_log(open_network, delegate, caplog):
    with caplog.at_level("INFO", "ei_runner_full_tflite"):
        open_network("conv", delegates=[delegate])

    assert "take 0 of the 6 operators of conv.tflite; left: CONV_2D (0), " in caplog.text
    assert caplog.text.endswith(" and 1 more\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "allow_cpu=False of full-tflite needs delegates"),
        ({"default_delegates": True}, "default_delegates=True of full-tflite exclude each other"),
        ({"signature": "double"}, "signature='double' of full-tflite exclude each other"),
    ],
)
def test_without_the_cpu_only_delegates_can_run(open_network, delegate, options, message):
    delegates = [delegate] if options else []
    with pytest.raises(InvalidInputError, match=message):
        open_network("signatures", delegates=delegates, allow_cpu=False, **options)
