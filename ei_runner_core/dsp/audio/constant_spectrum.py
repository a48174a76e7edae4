"""The spectrum of a constant, with the rounding residue that the C++ SDK leaves in it.

Only its first bin should differ from 0. What float32 leaves in the others depends on the order of
the additions, and sliding normalisation blows it up when all it sees is silence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

__all__ = ["constant_spectrum"]

_Complex = npt.NDArray[np.complex64]
_HALF = np.float32(0.5)


def constant_spectrum(length: int, value: float) -> _Complex:
    """The real FFT of a constant, computed as a mixed-radix FFT of half the length.

    Args:
        length: number of values, even.
        value: of all of them.

    Returns:
        complex64, shape (length / 2 + 1,).
    """
    half = length // 2
    packed = _transform(half, np.complex64(complex(value, value)))
    spectrum = np.zeros(half + 1, np.complex64)
    first = packed[0]
    spectrum[0], spectrum[half] = first.real + first.imag, first.real - first.imag
    k = np.arange(1, half // 2 + 1)
    mirrored = packed[half - k].conj()
    even, odd = packed[k] + mirrored, packed[k] - mirrored
    odd = _times(odd, _circle(-math.pi * (k / half + 0.5)))
    spectrum[k] = (even + odd) * _HALF
    spectrum[half - k] = (even - odd).conj() * _HALF
    return spectrum


def _transform(length: int, value: np.complex64) -> _Complex:
    """The FFT of so many equal values: all parts of one size are equal, too."""
    roots = _circle(-2 * math.pi * np.arange(length) / length)
    part = np.array([value])
    for radix in reversed([*_radices(length)]):
        step = length // (part.size * radix)
        if radix > 5:
            part = _combine(part, roots, radix, step)
            continue
        k = np.arange(part.size)
        parts = [_times(part, roots[q * k * step % length]) for q in range(1, radix)]
        # the roots of unity of the radix itself
        units = roots[np.arange(radix) * (length // radix)]
        part = np.concatenate(_BUTTERFLIES[radix](part, *parts, *units))
    return part


def _radices(length: int) -> Iterator[int]:
    """Factors of a length: fours, then twos, threes and whatever else is prime."""
    radix = 4
    while length > 1:
        while length % radix:
            radix = {4: 2, 2: 3}.get(radix, radix + 2)
            if radix * radix > length:
                radix = length
        length //= radix
        yield radix


def _combine(part: _Complex, roots: _Complex, radix: int, step: int) -> _Complex:
    k = np.arange(radix * part.size)
    repeated = np.tile(part, radix)
    total = repeated
    for q in range(1, radix):
        total = total + _times(repeated, roots[q * k * step % roots.size])
    return total


def _two(a: _Complex, b: _Complex, *_: np.complex64) -> list[_Complex]:
    return [a + b, a - b]


def _three(
    a: _Complex, b: _Complex, c: _Complex, _: np.complex64, unit: np.complex64, *__: np.complex64
) -> list[_Complex]:
    both, turned = b + c, 1j * ((b - c) * unit.imag)
    rest = a - both * _HALF
    return [a + both, rest + turned, rest - turned]


def _four(a: _Complex, b: _Complex, c: _Complex, d: _Complex, *_: np.complex64) -> list[_Complex]:
    even, odd, both, turned = a + c, a - c, b + d, 1j * (b - d)
    return [even + both, odd - turned, even - both, odd + turned]


def _five(
    a: _Complex,
    b: _Complex,
    c: _Complex,
    d: _Complex,
    e: _Complex,
    _: np.complex64,
    near: np.complex64,
    far: np.complex64,
    *__: np.complex64,
) -> list[_Complex]:
    outer, inner, outside, inside = b + e, c + d, b - e, c - d
    first = a + outer * near.real + inner * far.real
    second = a + outer * far.real + inner * near.real
    turned = 1j * (outside * near.imag + inside * far.imag)
    crossed = 1j * (outside * far.imag - inside * near.imag)
    return [a + (outer + inner), first + turned, second + crossed, second - crossed, first - turned]


_BUTTERFLIES: dict[int, Callable[..., list[_Complex]]] = {2: _two, 3: _three, 4: _four, 5: _five}


def _circle(angles: npt.NDArray[np.float64]) -> _Complex:
    points: _Complex = (np.cos(angles) + 1j * np.sin(angles)).astype(np.complex64)
    return points


def _times(a: _Complex, b: _Complex) -> _Complex:
    """The product in four products: NumPy's own one may round less often."""
    product = np.empty_like(a)
    product.real = a.real * b.real - a.imag * b.imag
    product.imag = a.real * b.imag + a.imag * b.real
    return product
