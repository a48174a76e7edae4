"""Which source is likely to define a symbol."""

import time
from pathlib import Path

import pytest

from ei_runner_sdk_ffi.build.index import identifiers, is_of_the_runtime, make_index, mentioning


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("kiss_fft", ("kiss_fft",)),
        ("_Z9transformi", ("transform",)),
        ("_ZN6tflite12Register_ADDEv", ("tflite", "Register_ADD")),
        ("_ZNK6tflite14MicroAllocator4sizeEv", ("tflite", "MicroAllocator", "size")),
        ("_ZN6tflite14MicroAllocatorC1EPhm", ("tflite", "MicroAllocator")),
        ("_ZN6tflite14MicroAllocatorD0Ev", ("tflite", "MicroAllocator")),
        ("_ZTVN6tflite14MicroAllocatorE", ("tflite", "MicroAllocator")),
        ("_ZTI7Printer", ("Printer",)),
        ("_ZN3ops5tableE", ("ops", "table")),
        ("_ZN3opsplERKNS_1AES2_", ("ops",)),
        ("_Z", ()),
        ("", ("",)),
    ],
)
def test_the_identifiers_of_a_symbol_are_read_from_its_lengths(symbol, expected):
    assert identifiers(symbol) == expected


@pytest.mark.parametrize("symbol", ["_ZNSt6vectorIfE9push_backEv", "__cxa_throw", "_Znwm"])
def test_symbols_of_the_runtime_are_left_to_it(symbol):
    assert is_of_the_runtime(symbol)


SOURCES = {
    "0.cc": "namespace a { namespace b {\nint make(int, int (*f)(int)) noexcept\n{ return 0; }\n}}",
    "1.cc": "namespace c::d { // int hidden() {}\nint Thing::run() const {\n if (x) call();\n}}",
    "2.c": "/* int old(void) { } */\nconst float coefficients[3] = { 1, 2, 3 };\nstatic int x;\n",
    "3.cc": 'const char *s = "int quoted() {";\nThing::Thing(int y)\n  : y_(y), z_(f(y)) {\n}\n',
    "4.cc": "namespace c { int make() { return 1; } }\nextern int coefficients[3];\n",
    "5.cc": "int declared(int);\nint user() { return declared(1); }\nint later;\n",
}


@pytest.fixture
def sources(tmp_path: Path) -> list[Path]:
    for name, text in SOURCES.items():
        (tmp_path / name).write_text(text)
    return [tmp_path / name for name in SOURCES]


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("_ZN1a1b4makeEiPFiiE", [0, 4]),
        ("_ZN1c4makeEv", [4, 0]),
        ("_ZNK1c1d5Thing3runEv", [1]),
        ("_ZN5ThingC2Ei", [3]),
        ("_ZTV5Thing", [3]),
        ("coefficients", [2, 4]),
        ("user", [5]),
        ("later", [5]),
        ("declared", []),
        ("old", []),
        ("hidden", []),
        ("quoted", []),
        ("call", []),
        ("if", []),
        ("memcpy", []),
    ],
)
def test_definitions_are_found_in_the_text(sources, symbol, expected):
    assert make_index(sources).candidates(symbol) == expected


def test_a_source_that_cannot_be_read_defines_nothing(tmp_path):
    assert make_index([tmp_path / "missing.cc"]).candidates("x") == []


def test_mentions_are_whole_words(sources):
    assert mentioning(sources, {"coefficients"}) == [2, 4]
    assert mentioning(sources, {"coefficient", "hidden"}) == []


@pytest.mark.parametrize(
    "text",
    ["f(", "a::", "x ", "a* ", "f():", "/*", "a<", '"', "x=", "f(a)", "[", "namespace ", "f(a "],
)
def test_hostile_text_is_looked_through_in_no_time(tmp_path, text):
    path = tmp_path / "hostile.cc"
    path.write_text(text * (60_000 // len(text)))
    started = time.monotonic()
    make_index([path])
    assert time.monotonic() - started < 10
