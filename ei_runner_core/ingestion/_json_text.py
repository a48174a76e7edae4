"""JSON as JavaScript writes it: compact, non-ASCII as it is, and numbers in JavaScript's way."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

__all__ = ["json_text"]

# Strings, which stay; and the numbers that Python writes in another way: 1.0, -0.0 and all with an
# exponent. The look-behind spares the search a new start at each digit of a number.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?(?<![\d.])(?:\d[\d.]*e[+-]\d+|\d+\.0(?!\d))')


def json_text(value: Any) -> str:
    """Dicts, lists, texts, finite numbers, bools and None as ``JSON.stringify`` writes them."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _TOKEN.sub(_javascript, text)


def _javascript(found: re.Match[str]) -> str:
    text = found[0]
    if text.startswith('"'):
        return text
    if text.endswith(".0"):
        return "0" if text == "-0.0" else text[:-2]
    return _with_exponent(Decimal(text))


def _with_exponent(number: Decimal) -> str:
    """A number of Python as ``Number.prototype.toString`` of ECMAScript writes it.

    The digits are the same: both languages write the shortest ones that give the number back. But
    JavaScript goes without an exponent from 1e-6 to below 1e21.
    """
    number = number.normalize()
    exponent = number.adjusted()
    if -7 < exponent < 21:
        return f"{number:f}"
    sign, digits, _ = number.as_tuple()
    first, *rest = map(str, digits)
    fraction = f".{''.join(rest)}" if rest else ""
    return f"{'-' * sign}{first}{fraction}e{exponent:+d}"
