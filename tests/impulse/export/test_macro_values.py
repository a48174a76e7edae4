"""Macros and constant expressions have the values that a compiler gives them."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ei_runner_core import EdgeImpulseError, ModelFormatError
from ei_runner_core.impulse.export.files import open_export
from ei_runner_core.impulse.export.source import Source, read_source
from ei_runner_core.impulse.export.values import Reference

ARITHMETIC = ["+", "-", "*", "<", "<=", ">", ">=", "==", "!="]


def read(text: str) -> Source:
    with tempfile.TemporaryDirectory() as folder:
        header = Path(folder) / "model-parameters" / "model_metadata.h"
        header.parent.mkdir()
        header.write_text(text, encoding="utf-8")
        with open_export(Path(folder)) as files:
            return read_source(files)


def value(expression: str, before: str = ""):
    return read(f"{before}\n#define THE_VALUE {expression}\n").macro("THE_VALUE")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("42", 42), ("-1", -1), ("0x1F", 31), ("017", 15), ("0b101", 5), ("12u", 12), ("7UL", 7),
        ("62.5", 62.5), ("1.5f", 1.5), (".5", 0.5), ("2.", 2.0), ("1e-3", 0.001), ("3e2f", 300.0),
        ("3.4722222222222223", 3.4722222222222223), ("(32 * 1024)", 32768),
        ("(125/4)", 31), ("(-7 / 2)", -3), ("(-7 % 3)", -1), ("(7 / 2.0)", 3.5),
        ("int((96 / 8) / 2 - 1)", 5), ("(int32_t)(2.9)", 2), ("(int32_t)-2.9", -2),
        ("(float)3", 3.0),
        ("((62.5 > 0) ? 62.5 : 1)", 62.5), ("(0 ? 1 : 2)", 2), ("!1", False), ("~0", -1),
        ("(1 << 4) | 3", 19), ("true", True), ("false", False), ("NULL", None), ("nullptr", None),
        ('"accX + accY // no comment"', "accX + accY // no comment"),
        (r'"a\"b\\ \x41\n"', 'a"b\\ A\n'),
        ('"Grüße ✓"', "Grüße ✓"), ('"two" " parts"', "two parts"),
        ("5 // five", 5), ("5 /* five */", 5), ("(1 /* a */ + 2)", 3), ("'A'", 65),
        ("uint8_t", Reference("uint8_t")),
        ("SOMETHING_OF_THE_SDK", Reference("SOMETHING_OF_THE_SDK")),
    ],
)  # fmt: skip
def test_an_expression_has_the_value_that_a_compiler_gives_it(expression, expected):
    found = value(expression)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("text", ["0x", "1.2.3", "-" * 300 + "1", "1 +", "{ 1,", "a b"])
def test_what_is_no_expression_stays_a_text(text):
    found = value(text)
    assert isinstance(found, Reference)
    assert text.startswith(found.name)


def test_macros_stand_for_their_text_as_in_c():
    assert value("N * 2", "#define N 2 + 3") == 8
    assert value("N * 2", "#define N (2 + 3)") == 10
    assert value("COUNT / SLICES", "#define COUNT 125\n#define SLICES 4") == 31
    assert value("A", "#define A B\n#define B C\n#define C 7") == 7


def test_macros_may_be_defined_after_those_that_use_them():
    assert read("#define A (B + 1)\n#define B 4\n").macro("A") == 5


def test_a_macro_that_is_not_there_has_its_default():
    source = read("#define EMPTY\n")
    assert source.macro("NOT_THERE") is None
    assert source.macro("NOT_THERE", 3) == 3
    assert source.macro("EMPTY", 3) == 3


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("#ifndef X\n#define X 4\n#endif", 4),
        ("#define X 1\n#ifndef X\n#define X 4\n#endif", 1),
        ("#define X 1\n#undef X\n#ifndef X\n#define X 4\n#endif", 4),
        ("#ifdef NOT_THERE\n#define X 1\n#else\n#define X 2\n#endif", 2),
        ("#define E 2\n#if E == 2 && UNKNOWN == 1\n#define X 1\n#else\n#define X 2\n#endif", 2),
        ("#define E 2\n#if (E == 2) || \\\n   UNKNOWN\n#define X 1\n#endif", 1),
        ("#if 1 == 2\n#define X 1\n#elif 2\n#define X 2\n#else\n#define X 3\n#endif", 2),
        ("#if defined(E) || !defined(F)\n#define X 1\n#endif", 1),
        ("#if defined E\n#define X 1\n#else\n#define X 2\n#endif", 2),
        ("#if 0\n#if 1\n#define X 1\n#endif\n#else\n#define X 5\n#endif", 5),
        ("#define X 6\n#if (((\n#undef X\n#endif", 6),
        ("#define X 7\n#endif\n#else\n#elif 1\n#endif", 7),
        ("#define X 8\n#ifdef __cplusplus\nextern \"C\" {\n", 8),
        ("# define X 9", 9),
        ("#define\tX\t10\r\n", 10),
        ("/* #define X 1\n#define X 2 */\n#define X 3", 3),
        ("// #define X 1 \\\n#define X 2\n#define X 3", 3),
        ('#define Y "/*"\n#define X 3\n#define Z "*/"', 3),
    ],
)  # fmt: skip
def test_conditions_choose_as_the_preprocessor_does(lines, expected):
    assert read(lines).macro("X") == expected


def test_macros_with_parameters_are_known_and_left_alone():
    source = read("#define TWICE(x) (2 * x)\n#ifdef TWICE\n#define X 1\n#endif\n")
    assert source.macro("X") == 1
    assert source.macro("TWICE") is None


@pytest.mark.parametrize(
    "lines",
    [
        "#define A A",
        "#define A B\n#define B A",
        "#define A (B + 1)\n#define B (C * 2)\n#define C (A)",
        "\n".join(f"#define A{i} A{i + 1} A{i + 1}" for i in range(64)) + "\n#define A64 1",
        "\n".join(f"#define A{i} (A{i + 1} + A{i + 1})" for i in range(5000)),
    ],
)
def test_a_macro_that_never_ends_is_one_clear_error(lines):
    with pytest.raises(ModelFormatError, match="the macro A"):
        read(lines)


@pytest.mark.parametrize(
    "expression",
    ["1 / 0", "1 % 0", "1 << 99", "1 + NOT_KNOWN", '"a" * 2', "9" * 50 + " * " + "9" * 50,
     "9" * 5000, "~1.5", "- " * 3000 + "1", "(" * 500 + "1" + ")" * 500,
     " + ".join(["1"] * 3000)],
)  # fmt: skip
def test_an_expression_without_a_value_is_one_clear_error(expression):
    with pytest.raises(ModelFormatError) as caught:
        value(expression)
    assert "\n" not in str(caught.value)


expressions = st.recursive(
    st.integers(0, 1000).map(str) | st.sampled_from(["FIRST", "SECOND"]),
    lambda inner: (
        st.builds(lambda a, sign, b: f"({a} {sign} {b})", inner, st.sampled_from(ARITHMETIC), inner)
        | inner.map(lambda text: f"(-{text})")
    ),
    max_leaves=12,
)


@given(expressions, st.integers(0, 99), st.integers(-99, 99))
def test_whole_numbers_are_added_multiplied_and_compared_as_python_does(text, first, second):
    expected = eval(text, {"FIRST": first, "SECOND": second})
    assume(abs(expected) < 2**62)
    before = f"#define FIRST {first}\n#define SECOND ({second})"
    assert value(text, before) == expected


@given(st.integers(-(10**6), 10**6), st.integers(-1000, 1000).filter(bool))
def test_division_of_whole_numbers_goes_towards_zero(a, b):
    assert value(f"(({a}) / ({b}))") == math.trunc(a / b)
    assert value(f"(({a}) % ({b}))") == math.fmod(a, b)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_numbers_with_a_point_are_read_exactly(number):
    assert value(f"{number!r}") == number
    assert value(f"{number!r}f") == number


@given(st.text(alphabet="()+-*/%<>=!&|?:01x.eE\"'\\ABC#{}[],;\n ", max_size=80))
def test_no_text_makes_more_than_a_clear_error_of_a_header(text):
    try:
        source = read(f"#define A {text}\n")
        for name in source.macros.names():
            source.macro(name)
    except EdgeImpulseError as error:
        assert "\n" not in str(error)  # noqa: PT017 - most texts are no error
