"""Arrays, pictures and sound, and files as such."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import InvalidInputError, ModelParameters
from ei_runner_core.files import (
    MAX_TEXT_BYTES,
    FeatureWindow,
    ImageWindow,
    TensorWindow,
    read_window,
)

IMAGE = ModelParameters(input_features_count=64, image_input_width=8, image_input_height=8)
MOTION = ModelParameters(input_features_count=6, axis_count=3, frequency=50.0)
AUDIO = ModelParameters(input_features_count=4, frequency=16000.0)
STEREO = ModelParameters(input_features_count=8, axis_count=2, frequency=16000.0)
FREEFORM = ModelParameters(model_type="freeform")


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def picture(kind: str, size: tuple[int, int] = (8, 8)) -> bytes:
    image = pytest.importorskip("PIL.Image").new("RGB", size, (250, 10, 20))
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def wav(
    body: bytes,
    *,
    code: int = 1,
    channels: int = 1,
    rate: int = 16000,
    bits: int = 16,
    size: int | None = None,
    before: bytes = b"",
) -> bytes:
    frame = channels * bits // 8
    header = struct.pack("<HHIIHH", code, channels, rate, rate * frame, frame, bits)
    if code == 0xFFFE:
        guid = bytes.fromhex("0000001000800000AA00389B71")
        header += struct.pack("<HHIH", 22, bits, 0, 1) + b"\0" + guid
    chunks = b"fmt " + struct.pack("<I", len(header)) + header + before
    chunks += b"data" + struct.pack("<I", len(body) if size is None else size) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def shown(value: object) -> str:
    """The id of a parameter: the error message, not the bytes."""
    return value if isinstance(value, str) else type(value).__name__


def samples(content: bytes, parameters: ModelParameters = AUDIO) -> list[float]:
    window = read_window(content, parameters, "a.wav")
    assert isinstance(window, FeatureWindow)
    return window.values.tolist()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF"])
@pytest.mark.parametrize("name", ["", "upside.txt"])
def test_a_picture_is_known_by_its_first_bytes(kind: str, name: str) -> None:
    window = read_window(picture(kind, (5, 3)), IMAGE, name)
    assert isinstance(window, ImageWindow)
    assert window.pixels.shape == (3, 5, 3)
    assert abs(window.pixels.astype(int) - (250, 10, 20)).max() < 8


def test_a_portable_pixmap_is_known_by_its_header_unless_the_name_says_otherwise() -> None:
    assert isinstance(read_window(picture("PPM", (5, 3)), IMAGE), ImageWindow)
    column = read_window(b"P5\n1\n2\n3\n4\n5\n6\n", MOTION, "a.csv")
    assert isinstance(column, FeatureWindow)
    assert column.values.tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 1), (3, 5, 3), (8, 8)])
def test_an_array_of_bytes_is_a_picture_for_a_model_of_images(shape: tuple[int, ...]) -> None:
    window = read_window(npy(np.zeros(shape, np.uint8)), IMAGE)
    assert isinstance(window, ImageWindow)
    assert window.pixels.shape == (*shape[:2], 3)


@pytest.mark.parametrize(
    "array",
    [np.arange(64, dtype=np.float32), np.arange(64.0).reshape(8, 8), np.arange(64).reshape(4, 16)],
)
def test_other_numbers_are_raw_values_for_a_model_of_images(array: np.ndarray) -> None:
    window = read_window(npy(array), IMAGE)
    assert isinstance(window, FeatureWindow)
    assert window.values.tolist() == list(range(64))


@pytest.mark.parametrize("shape", [(6,), (2, 3), (1, 6), (6, 1), (1, 2, 3)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_is_flattened_by_time_then_axis(shape: tuple[int, ...], order: Any) -> None:
    array = np.asarray(np.arange(6, dtype=np.int16).reshape(shape), order=order)
    for content in (npy(array), npz(anything=array)):
        window = read_window(content, MOTION)
        assert isinstance(window, FeatureWindow)
        assert window.values.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_freeform_model_gets_arrays_as_they_are() -> None:
    one = read_window(npy(np.zeros((1, 2, 3), np.int8)), FREEFORM)
    assert isinstance(one, TensorWindow)
    assert isinstance(one.tensors, np.ndarray)
    assert (one.tensors.shape, one.tensors.dtype) == ((1, 2, 3), np.int8)
    two = read_window(npz(a=np.zeros(2, np.uint8), b=np.ones((1, 1))), FREEFORM)
    assert isinstance(two, TensorWindow)
    assert {name: array.dtype for name, array in dict(two.tensors).items()} == {
        "a": np.uint8,
        "b": np.float64,
    }


def bomb() -> bytes:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.npy", "w") as a,
    ):
        for _ in range(300):
            a.write(bytes(1 << 20))
    return file.getvalue()


def zip_of(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


ENDLESS = npy(np.zeros(6)).replace(b"(6,)", b"(10000000000,)").replace(b"            \n", b"  \n")


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (npy(np.zeros(7)), "a.npy", r"got 7 values, the model expects 6"),
        (npy(np.zeros(0)), "a.npy", "got 0 values"),
        (npy(np.zeros((3, 2))), "a.npy", r"shape \(3, 2\), the model expects \(6,\) or \(2, 3\)"),
        (npy(np.full(6, np.nan)), "a.npy", r"values\[0\] is nan \(6 of 6"),
        (npy(np.array([1e300] * 6)), "a.npy", r"values\[0\] is inf"),
        (npy(np.array(["x"] * 6)), "a.npy", "dtype <U1"),
        (npy(np.zeros(6, complex)), "a.npy", "dtype complex128"),
        (npy(np.array([{}] * 6)), "a.npy", "not a readable .npy file .*allow_pickle"),
        (npy(np.zeros(6))[:-1], "a.npy", "not a readable .npy file"),
        (npy(np.zeros(6))[:20], "a.npy", "not a readable .npy file"),
        (ENDLESS, "a.npy", "not a readable .npy file"),
        (b"1,2,3", "a.npy", "is not an .npy file"),
        (npz(a=np.zeros(6), b=np.zeros(6)), "a.npz", r"holds 2 arrays \(a, b\)"),
        (npz(), "a.npz", r"holds 0 arrays \(none\)"),
        (npz(a=np.zeros(6))[:-40], "a.npz", "not a readable .npz file"),
        (b"nonsense", "a.npz", "not a readable .npz file"),
        (zip_of("readme.txt", b"hello"), "a.npz", "'readme.txt' is not an array"),
        (zip_of("a.npy", b"hello"), "a.npz", "is not an .npy file"),
        (bomb(), "a.npz", "unpacks to 314572800 bytes, at most 268435456"),
        (picture("PNG"), "a.png", "is a picture, but the model takes 6 raw values: pass a .csv"),
        (bytes(10), "a", "its format is not known"),
    ],
    ids=shown,
)
def test_a_bad_array_is_one_clear_error(content: bytes, name: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message) as caught:
        read_window(content, MOTION, name)
    assert str(caught.value).startswith(f"{name}: ")


@pytest.mark.parametrize(
    "content", [picture("PNG")[:40], b"not a picture at all", b"\x89PNG"], ids=shown
)
def test_an_unreadable_picture_is_one_clear_error(content: bytes) -> None:
    with pytest.raises(
        InvalidInputError, match=r"^a.png: cannot read the image.*expected one of PNG"
    ):
        read_window(content, IMAGE, "a.png")


def test_a_picture_is_not_a_tensor() -> None:
    with pytest.raises(InvalidInputError, match=r"the model takes tensors: pass a .npy"):
        read_window(picture("PNG"), FREEFORM, "a.png")


LOUD = [0, 1, -32768, 32767]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (wav(np.array(LOUD, "<i2").tobytes()), LOUD),
        (wav(np.array(LOUD, "<i2").tobytes(), code=0xFFFE), LOUD),
        (wav(bytes([128, 129, 0, 255]), bits=8), [0, 256, -32768, 32512]),
        (wav((np.array(LOUD, "<i4") << 16).tobytes(), bits=32), LOUD),
        (wav(np.array([0, 0.5, -1, 0.25], "<f4").tobytes(), code=3, bits=32),
         [0, 16384, -32768, 8192]),
        (wav(np.array([0, 0.5, -1, 0.25], "<f8").tobytes(), code=3, bits=64),
         [0, 16384, -32768, 8192]),
        (wav(b"".join(struct.pack("<i", v << 8)[:3] for v in LOUD), bits=24), LOUD),
        (wav(b"".join(struct.pack("<i", (v << 8) + 255)[:3] for v in LOUD), bits=24), LOUD),
        (wav(np.array(LOUD, "<i2").tobytes(), before=b"LIST\3\0\0\0abc\0"), LOUD),
        (wav(np.array(LOUD, "<i2").tobytes(), size=0xFFFFFFFF), LOUD),
        (wav(np.array(LOUD, "<i2").tobytes() + b"\1", size=0x7FFFFFFF), LOUD),
    ],
    ids=shown,
)  # fmt: skip
def test_sound_becomes_raw_samples(content: bytes, expected: list[int]) -> None:
    assert samples(content) == expected


def test_channels_are_interleaved() -> None:
    body = np.arange(8, dtype="<i2").tobytes()
    assert samples(wav(body, channels=2), STEREO) == list(range(8))


def test_sound_for_a_freeform_model_keeps_its_channels() -> None:
    window = read_window(wav(np.arange(8, dtype="<i2").tobytes(), channels=2), FREEFORM, "a.wav")
    assert isinstance(window, TensorWindow)
    assert np.asarray(window.tensors).shape == (4, 2)


@pytest.mark.parametrize(
    ("content", "parameters", "message"),
    [
        (wav(bytes(8), rate=44100), AUDIO, "rate is 44100 Hz, the model was trained with 16000 Hz"),
        (wav(bytes(8), channels=2), AUDIO, "has 2 channels, the model takes 1"),
        (wav(bytes(8)), IMAGE, "it is sound, but the model takes images"),
        (wav(bytes(6)), AUDIO, "got 3 values, the model expects 4"),
        (wav(b""), AUDIO, "without sound"),
        (wav(bytes(8))[:-2], AUDIO, "truncated WAV file: 8 bytes of sound are stated, 6 are there"),
        (wav(bytes(7)), AUDIO, "truncated WAV file"),
        (wav(bytes(8))[:16], AUDIO, 'has no "fmt " and "data"'),
        (wav(bytes(8))[:30], AUDIO, '"fmt " chunk is truncated'),
        (
            wav(bytes(8), code=0x11, bits=4),
            AUDIO,
            "encoding .format 17, 4 bits, 1 channels. is not",
        ),
        (wav(bytes(8), bits=12), AUDIO, "encoding .format 1, 12 bits"),
        (wav(bytes(8), channels=0), AUDIO, "0 channels"),
        (wav(np.full(4, np.nan, "<f4").tobytes(), code=3, bits=32), AUDIO, r"values\[0\] is nan"),
        (wav(np.full(4, 3e38, "<f4").tobytes(), code=3, bits=32), AUDIO, r"values\[0\] is inf"),
        (b"MP3 perhaps", AUDIO, "not a WAV file"),
    ],
    ids=shown,
)
def test_bad_sound_is_one_clear_error(
    content: bytes, parameters: ModelParameters, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message) as caught:
        read_window(content, parameters, "a.wav")
    assert str(caught.value).startswith("a.wav: ")


VALID = {
    "a.npy": npy(np.zeros(6, np.float32)),
    "a.npz": npz(a=np.zeros(6)),
    "a.wav": wav(bytes(8)),
}


@given(
    st.sampled_from(sorted(VALID)),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=4),
    st.integers(0, 400),
)
def test_a_damaged_file_is_a_window_or_one_clear_error(
    name: str, changes: list[tuple[int, int]], length: int
) -> None:
    content = bytearray(VALID[name])
    for position, value in changes:
        content[position % len(content)] = value
    parameters = AUDIO if name == "a.wav" else MOTION
    with contextlib.suppress(InvalidInputError):
        assert isinstance(read_window(bytes(content[:length]), parameters, name), FeatureWindow)


def test_a_path_is_named_in_errors(tmp_path: Path) -> None:
    path = tmp_path / "missing.csv"
    with pytest.raises(InvalidInputError, match="cannot be read: No such file") as caught:
        read_window(path, MOTION)
    assert str(caught.value).startswith(f"{path}: ")
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_window(tmp_path, MOTION)
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_window("nul\0byte.csv", MOTION)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all files")
def test_a_file_without_permission_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "secret.csv"
    path.write_text("1")
    path.chmod(0)
    with pytest.raises(InvalidInputError, match="Permission denied"):
        read_window(path, MOTION)


def test_a_path_and_its_content_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "window.csv"
    path.write_text("1,2,3\n4,5,6\n")
    from_path, from_bytes = read_window(path, MOTION), read_window(path.read_bytes(), MOTION)
    assert isinstance(from_path, FeatureWindow)
    assert isinstance(from_bytes, FeatureWindow)
    assert from_path.values.tolist() == from_bytes.values.tolist()


def test_a_huge_text_is_refused_before_it_is_read() -> None:
    with pytest.raises(InvalidInputError, match="larger than 32 MiB"):
        read_window(b"1," * (MAX_TEXT_BYTES // 2 + 1), MOTION, "a.csv")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no endless file")
def test_an_endless_file_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="^/dev/zero: "):
        read_window("/dev/zero", MOTION)
