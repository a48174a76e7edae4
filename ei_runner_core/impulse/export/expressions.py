"""Arithmetic of constant expressions as C++ does it: whole numbers stay whole."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any

from ...errors import ModelFormatError

__all__ = ["binary", "cast", "number", "numbers", "text", "unary"]

MAX_WHOLE = 2**64
MAX_NUMBERS = 2**22
_MAX_DIGITS = 400
_WHOLE_TYPE = re.compile(r"\b(?:u?int\d*(?:_t)?|size_t|long|short|unsigned|signed|char)\b")
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]+)|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))")
_SIMPLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def _divide(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int):
        quotient = abs(a) // abs(b)
        return quotient if (a < 0) == (b < 0) else -quotient
    return a / b


def _remainder(a: int, b: int) -> int:
    return int(a - b * _divide(a, b))


def _shift(a: int, b: int) -> int:
    if not 0 <= b < 64:
        raise ValueError("shifted too far")
    return a << b


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": _divide, "%": _remainder,
    "<<": _shift, ">>": operator.rshift,
    "&": operator.and_, "|": operator.or_, "^": operator.xor,
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
    "&&": lambda a, b: bool(a) and bool(b), "||": lambda a, b: bool(a) or bool(b),
}  # fmt: skip
_UNARY: dict[str, Callable[[Any], Any]] = {
    "-": operator.neg, "+": operator.pos, "~": operator.invert, "!": operator.not_
}  # fmt: skip


def binary(sign: str, a: Any, b: Any) -> Any:
    """The value of ``a sign b``; raises ModelFormatError where C++ has none."""
    return _bounded(lambda: _BINARY[sign](_plain(a), _plain(b)), f"{a} {sign} {b}")


def unary(sign: str, a: Any) -> Any:
    """The value of ``sign a``."""
    return _bounded(lambda: _UNARY[sign](_plain(a)), f"{sign}{a}")


def cast(type_name: str, value: Any) -> Any:
    """A number in another type; anything else, pointers among it, stays as it is."""
    if not isinstance(value, bool | int | float) or "*" in type_name:
        return value
    if re.search(r"\b(?:float|double)\b", type_name):
        return float(value)
    if re.search(r"\bbool\b", type_name):
        return bool(value)
    return _bounded(lambda: int(value), f"({type_name}) {value}") if is_whole(type_name) else value


def is_whole(type_name: str) -> bool:
    """Whether a type holds whole numbers."""
    return bool(_WHOLE_TYPE.search(type_name))


def number(literal: str) -> int | float:
    """The value of a literal such as ``0x1F``, ``12u``, ``1.5f`` or ``1e-3``."""
    digits = literal.replace("'", "")
    if len(digits) > _MAX_DIGITS:
        raise ModelFormatError(f"{literal[:20]}... is no number, it has {len(digits)} digits")
    try:
        value = _number(digits)
    except ValueError as error:
        raise ModelFormatError(f"{literal[:40]!r} is no number") from error
    if not math.isfinite(value):
        raise ModelFormatError(f"{literal[:40]!r} is larger than any number of C++")
    return value


def numbers(words: str) -> list[int] | list[float]:
    """The values of a long list of literals; all are floats if one of them is."""
    if words.count(",") > MAX_NUMBERS:
        raise ModelFormatError(f"an initialiser holds more than {MAX_NUMBERS} numbers")
    words = words.strip().rstrip(",")
    if "x" not in words and "X" not in words:
        words = words.replace("f", "").replace("F", "")
    try:
        if re.search(r"[.eExX]", words) is None:
            return [int(word) for word in words.split(",")]
        return [float(word) for word in words.split(",")]
    except ValueError:
        return [number(word.strip()) for word in words.split(",")]


def _number(digits: str) -> int | float:
    unsigned = digits.lstrip("+- \t\n")
    if unsigned != digits:
        value = _number(unsigned)
        return -value if digits.count("-", 0, len(digits) - len(unsigned)) % 2 else value
    if digits[:2].lower() in ("0x", "0b"):
        return int(digits.rstrip("uUlL"), 0)
    if re.search(r"[.eE]", digits) or digits.endswith(("f", "F")):
        return float(digits.rstrip("fFlL"))
    whole = digits.rstrip("uUlL")
    return int(whole, 8) if len(whole) > 1 and whole[0] == "0" else int(whole)


def text(literal: str) -> str:
    """The value of a text in quotes, with its escapes resolved."""
    return _ESCAPE.sub(_unescaped, literal[literal.index('"') + 1 :].removesuffix('"'))


def _unescaped(match: re.Match[str]) -> str:
    octal, short, middle, long, simple = match.groups()
    if simple is not None:
        return _SIMPLE_ESCAPES.get(simple, simple)
    code = int(octal, 8) if octal else int(short or middle or long, 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, int | float):
        raise TypeError
    return value


def _bounded(compute: Callable[[], Any], shown: str) -> Any:
    try:
        value = compute()
    except (ArithmeticError, ValueError, TypeError, KeyError) as error:
        raise ModelFormatError(f"{shown[:60]} has no value") from error
    if isinstance(value, int) and abs(value) > MAX_WHOLE:
        raise ModelFormatError(f"{shown[:60]} is larger than any number of C++")
    return value
