"""What the local Studio builds in tests: small exports and programs, sound and hostile ones."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Mapping

from cpp_exports import ERAS, render
from exported_impulses import NETWORK, PROJECT

from ei_runner_core.impulse import (
    DspBlock,
    Impulse,
    NetworkBlock,
    PostProcessingBlock,
    TimeSeriesInput,
)

__all__ = ["LIBRARY", "PROGRAM", "bomb", "linked", "zipped"]


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Files as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


IMPULSE = Impulse(
    name="Impulse #2",
    project=PROJECT,
    input=TimeSeriesInput(sensor="accelerometer", axes=("x", "y", "z"), samples=2, frequency=50.0),
    labels=("idle", "snake", "up", "wave"),
    dsp=(DspBlock(id=2, type="raw", outputs=6, config={"scale_axes": 1.0}),),
    learn=(NetworkBlock(id=3, files=("x.tflite",), inputs=(2,)),),
    postprocessing=(PostProcessingBlock(id=3, type="classification", input=3),),
    engine="tflite",
)
LIBRARY = zipped(render(ERAS["2026"], IMPULSE, {3: NETWORK}))
"""A C++ library with its network as a file."""

PROGRAM = b"\x7fELF" + bytes(range(256)) * 800
"""What begins like a program, of 200 kB."""


def bomb() -> bytes:
    """A small zip that unpacks to 64 MiB."""
    return zipped({"model-parameters/model_metadata.h": bytes(64 << 20)})


def linked() -> bytes:
    """A zip with a symbolic link that leads out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("model-parameters")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc")
    return buffer.getvalue()
