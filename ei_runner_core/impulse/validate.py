"""What must hold between the fields of an impulse, beyond the type of each one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..errors import ModelFormatError
from .tree import DspBlock, FreeformInput, ImageInput, Impulse, KMeansBlock, TimeSeriesInput

__all__ = ["check_references"]

MAX_VALUES = 2**26  # 256 MiB of float32: far more than any model takes, little enough to allocate

_NO_NETWORK = (
    "no network file is listed (a network compiled with EON has none and runs on the sdk-ffi "
    "backend only: export the model without the EON compiler)"
)


def check_references(
    impulse: Impulse, *, where: str = "impulse.json: ", with_files: bool = True
) -> None:
    """Check that the fields of an impulse go together.

    Args:
        impulse: what is checked.
        where: the beginning of the message.
        with_files: whether every network has to have a file; a compiled one has none.

    Raises:
        ModelFormatError: a field contradicts another; the message names its path.
    """
    for path, problem in _problems(impulse, with_files):
        raise ModelFormatError(f"{where}{path}: {problem}")


def _problems(impulse: Impulse, with_files: bool) -> Iterator[tuple[str, str]]:
    yield from _duplicates("$.labels", impulse.labels, "label")
    yield from _duplicates("$.dsp[*].id", (block.id for block in impulse.dsp), "block id")
    yield from _duplicates("$.learn[*].id", (block.id for block in impulse.learn), "block id")
    ids = (block.id for block in impulse.postprocessing)
    yield from _duplicates("$.postprocessing[*].id", ids, "block id")
    yield from _input_problems(impulse)
    for i, block in enumerate(impulse.dsp):
        yield from _dsp_problems(f"$.dsp[{i}]", block, impulse)
    yield from _learn_problems(impulse, with_files)
    yield from _postprocessing_problems(impulse)


def _duplicates(path: str, values: Iterable[object], what: str) -> Iterator[tuple[str, str]]:
    seen: set[object] = set()
    for value in values:
        if value in seen:
            yield path, f"the {what} {value!r} stands there twice; each must be unique"
        seen.add(value)


def _input_problems(impulse: Impulse) -> Iterator[tuple[str, str]]:
    size = impulse.window_length
    if size > MAX_VALUES:
        yield "$.input", f"a window of {size} values is too large, at most {MAX_VALUES}"
    features = sum(block.outputs for block in impulse.dsp)
    if features > MAX_VALUES:
        yield "$.dsp[*].outputs", f"{features} features are too many, at most {MAX_VALUES}"
    series = impulse.input
    if isinstance(series, TimeSeriesInput) and series.slices_per_window > series.samples:
        most = series.samples
        problem = f"a window of {most} samples has no {series.slices_per_window} slices"
        yield (
            "$.input.slices_per_window",
            f"{problem}; set slices_per_window to 1, at most to {most}",
        )


def _dsp_problems(path: str, block: DspBlock, impulse: Impulse) -> Iterator[tuple[str, str]]:
    if isinstance(impulse.input, FreeformInput):
        yield path, 'a freeform input has no DSP blocks; use another "input" or remove the block'
    axes = len(impulse.input.axes) if isinstance(impulse.input, TimeSeriesInput) else 1
    for axis in block.axes or ():
        if axis >= axes:
            yield f"{path}.axes", f"axis {axis} does not exist, the input has {axes} (from 0)"
    if block.axes == ():
        yield f"{path}.axes", "no axis is listed; leave the field out to use all axes"
    if block.type == "image":
        yield from _image_problems(path, block, impulse)
    if block.normalization is not None:
        for name in ("mean", "scale"):
            length = len(getattr(block.normalization, name))
            if length != block.outputs:
                expected = f"expected {block.outputs} values, one for each output"
                yield f"{path}.normalization.{name}", f"{expected}, got {length}"


def _image_problems(path: str, block: DspBlock, impulse: Impulse) -> Iterator[tuple[str, str]]:
    if not isinstance(impulse.input, ImageInput):
        yield f"{path}.type", 'an image block needs an "input" of type "image"'
        return
    channels = 1 if block.config.get("channels") == "Grayscale" else 3
    if len(impulse.dsp) == 1 and impulse.input.channels != channels:
        kind = block.config.get("channels", "RGB")
        problem = f"expected {channels} for an image block of {kind}, got {impulse.input.channels}"
        yield "$.input.channels", problem


def _learn_problems(impulse: Impulse, with_files: bool) -> Iterator[tuple[str, str]]:
    ids = {block.id for block in impulse.dsp}
    for i, block in enumerate(impulse.learn):
        for source in block.inputs:
            if source not in ids:
                known = ", ".join(map(str, sorted(ids))) or "none"
                problem = f"no DSP block and no network before it has the id {source}"
                yield f"$.learn[{i}].inputs", f"{problem} (known: {known})"
        if impulse.dsp and not block.inputs:
            yield f"$.learn[{i}].inputs", "list the ids of the DSP blocks whose features it takes"
        if isinstance(block, KMeansBlock):
            yield from _cluster_problems(f"$.learn[{i}]", block)
            continue
        if with_files and not block.files:
            yield f"$.learn[{i}].files", _NO_NETWORK
        ids.add(block.id)


def _cluster_problems(path: str, block: KMeansBlock) -> Iterator[tuple[str, str]]:
    lengths = {"mean": len(block.mean), "scale": len(block.scale)}
    lengths |= {f"clusters[{i}].centroid": len(c.centroid) for i, c in enumerate(block.clusters)}
    for name, length in lengths.items():
        if length != len(block.axes):
            expected = f"expected {len(block.axes)} values, one for each axis"
            yield f"{path}.{name}", f"{expected}, got {length}"


def _postprocessing_problems(impulse: Impulse) -> Iterator[tuple[str, str]]:
    learn_ids = {block.id for block in impulse.learn}
    for i, block in enumerate(impulse.postprocessing):
        if block.input is not None and block.input not in learn_ids:
            known = ", ".join(map(str, sorted(learn_ids)))
            yield (
                f"$.postprocessing[{i}].input",
                f"no learn block has the id {block.input} (known: {known})",
            )
