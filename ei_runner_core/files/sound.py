"""Sound in WAV files, as raw sample values.

Python's own ``wave`` module reads neither floating point nor, before 3.12, the extensible format
that many recorders write; a RIFF file is simple enough to walk through.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import InvalidInputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Sound", "read_wav"]

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_STREAMED = 0x7FFF_0000
"""Programs that write into a pipe cannot know the length and write a number above this one."""


@dataclass(frozen=True, eq=False)
class Sound:
    """Samples as a model takes them: float32 in the range of int16, shape (frames, channels).

    ``rate`` is in Hz.
    """

    samples: npt.NDArray[np.float32]
    rate: int


@dataclass(frozen=True)
class _Encoding:
    code: int
    channels: int
    rate: int
    bits: int


def read_wav(content: bytes) -> Sound:
    """Read integer samples of 8 to 32 bits or floating point, as values from -32768 to 32767.

    More than 16 bits are cut, 8 bits are widened, floats (from -1 to 1) are multiplied by 32768.

    Raises:
        InvalidInputError: it is no WAV file, damaged, truncated, empty or compressed.
    """
    encoding: _Encoding | None = None
    for name, body, size in _chunks(content):
        if name == b"fmt ":
            encoding = _encoding(body)
        elif name == b"data":
            if encoding is None:
                break
            return Sound(_samples(_whole(body, size, encoding), encoding), encoding.rate)
    raise InvalidInputError('it is not a readable WAV file: it has no "fmt " and "data" chunks')


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Name, body and stated size of each chunk; the body is shorter in a truncated file."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise InvalidInputError("it is not a WAV file: it does not start with RIFF and WAVE")
    position = 12
    while position + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, position)
        position += 8
        yield name, content[position : position + size], size
        position += size + size % 2


def _encoding(body: bytes) -> _Encoding:
    if len(body) < 16:
        raise InvalidInputError('it is not a readable WAV file: its "fmt " chunk is truncated')
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if code == _EXTENSIBLE and len(body) >= 26:
        (code,) = struct.unpack_from("<H", body, 24)
    supported = (code == _PCM and bits in (8, 16, 24, 32)) or (code == _FLOAT and bits in (32, 64))
    if not supported or not channels:
        raise InvalidInputError(
            f"its encoding (format {code}, {bits} bits, {channels} channels) is not supported; "
            "convert it to 16-bit PCM, for example with: sox IN.wav -b 16 -e signed OUT.wav"
        )
    return _Encoding(code, channels, rate, bits)


def _whole(body: bytes, size: int, encoding: _Encoding) -> bytes:
    """The body, cut to whole frames where its length was not known to the writer."""
    frame = encoding.channels * encoding.bits // 8
    if len(body) < size < _STREAMED or (size < _STREAMED and size % frame):
        raise InvalidInputError(
            f"it is a truncated WAV file: {size} bytes of sound are stated, {len(body)} are there "
            f"(a frame has {frame}); record or copy it again"
        )
    body = body[: len(body) - len(body) % frame]
    if not body:
        raise InvalidInputError("it is a WAV file without sound: it has no samples")
    return body


def _samples(body: bytes, encoding: _Encoding) -> npt.NDArray[np.float32]:
    import numpy as np

    if encoding.code == _FLOAT:
        with np.errstate(over="ignore"):  # what is too large becomes infinite and is refused later
            values = np.frombuffer(body, f"<f{encoding.bits // 8}") * 32768.0
            return values.astype(np.float32).reshape(-1, encoding.channels)
    return _integers(body, encoding.bits).astype(np.float32).reshape(-1, encoding.channels)


def _integers(body: bytes, bits: int) -> npt.NDArray[np.int32]:
    import numpy as np

    if bits == 8:  # the only width that is unsigned
        return (np.frombuffer(body, np.uint8).astype(np.int32) - 128) << 8
    if bits == 16:
        return np.frombuffer(body, "<i2").astype(np.int32)
    if bits == 32:
        return np.frombuffer(body, "<i4").astype(np.int32) >> 16
    # Of each three bytes the upper two are the 16-bit sample.
    upper = np.frombuffer(body, np.uint8).reshape(-1, 3)[:, 1:]
    return np.ascontiguousarray(upper).view("<i2").ravel().astype(np.int32)
