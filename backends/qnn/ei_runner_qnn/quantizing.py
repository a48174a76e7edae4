"""From a float model and samples to a model that QNN runs in whole numbers."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from ei_runner_core import InvalidInputError, ModelSource, Network
from ei_runner_core.locate import locate
from ei_runner_core.reading import NetworkFiles, read_source
from ei_runner_core.rewriting import write_with_networks

from .calibration import Trial, tried
from .comparison import agreement, largest_difference
from .float_networks import FORMAT, FloatNetwork, float_networks
from .qdq import to_qdq
from .qdq_settings import QdqSettings
from .samples import find_samples
from .steps import OnProgress, Steps

__all__ = ["QuantizedModel", "quantize_model"]


class QuantizedModel(msgspec.Struct, frozen=True):
    """A model that was quantised, and how well.

    ``path``: the file or the bundle that was written.
    ``samples`` and ``windows``: how many files, and windows in them, it was calibrated with.
    ``agreement``: the share (0 to 1) of windows to which both models give the same best label;
    ``None`` where there is nothing to choose from.
    ``largest_difference``: the largest difference between the outputs of the networks.
    ``bytes_before`` and ``bytes_after``: the sizes of the networks.
    """

    path: Path
    samples: int
    windows: int
    agreement: float | None
    largest_difference: float
    bytes_before: int
    bytes_after: int


def quantize_model(
    model: str | os.PathLike[str] | ModelSource,
    samples: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    force: bool = False,
    limit: int | None = None,
    activation: str = "uint8",
    weight: str = "uint8",
    per_channel: bool = False,
    calibration: str = "minmax",
    impulse: int | str | None = None,
    network: NetworkFiles | None = None,
    on_progress: OnProgress | None = None,
) -> QuantizedModel:
    """Quantise the networks of a model in the form that QNN runs, and write the model with them.

    The samples go through the signal processing of the model, so that its networks are calibrated
    with what they will see. Both forms then run over them on the CPU and are compared.

    Args:
        model: a float ``.onnx`` file, a bundle (folder or zip) or a C++ export with such networks.
        samples: a folder of files as ``ei-runner run`` takes them; a longer recording counts as
            several windows. For an ``.onnx`` file: ``.npy`` and ``.npz`` files with tensors in the
            shapes of its inputs, also many stacked along the first axis; or pictures, which it
            gets with values from 0 to 1.
        output: a file for a file, else the folder or the zip of a bundle.
        force: whether what is at the output may be replaced.
        limit: at most so many files, spread evenly over the folder.
        activation: the type of what flows through the networks: ``"uint8"`` or ``"uint16"``.
        weight: the type of the weights: ``"uint8"`` or ``"int8"``.
        per_channel: whether each channel of a convolution has a scale of its own; then its weights
            are ``int8``.
        calibration: ``"minmax"``, ``"entropy"`` or ``"percentile"``: which values count.
        impulse: which impulse of an export that holds several.
        network: ``.onnx`` files in place of those that the model brings.
        on_progress: is called with how many steps are done, and how many there are in all.

    Raises:
        InvalidInputError: an argument, a sample or the output cannot be used.
        UnsupportedModelError: a network is not float, not ``.onnx``, or cannot be quantised.
        EdgeImpulseError: the model cannot be read, or a network fails.
    """
    settings = QdqSettings.parse(
        activation=activation, weight=weight, per_channel=per_channel, calibration=calibration
    )
    source = read_source(locate(model), impulse, network)
    networks = float_networks(source)  # before the output, whose name depends on the model
    path = _checked_output(source, Path(output), force=force)
    wanted = {key: one for key, one in networks.items() if one.is_wanted}
    paths = find_samples(Path(samples), limit)
    steps = Steps(2 * len(paths) + len(wanted), on_progress)
    with tried(source, networks, {}, paths, steps) as before:
        made = {key: _quantized(one, before, key, settings, steps) for key, one in wanted.items()}
        with tried(source, networks, made, paths, steps) as after:
            return QuantizedModel(
                path=write_with_networks(source, made, path, force=force),
                samples=len(paths),
                windows=len(before.answers),
                agreement=agreement(before.answers, after.answers),
                largest_difference=largest_difference(before, after, made),
                bytes_before=sum(one.model.ByteSize() for one in wanted.values()),
                bytes_after=sum(len(network.read()) for network in made.values()),
            )


def _quantized(
    network: FloatNetwork, trial: Trial, block_id: int, settings: QdqSettings, steps: Steps
) -> Network:
    name = network.network.name
    asked = trial.sessions[block_id].asked
    content = to_qdq(network.model, network.shapes, asked, settings, name)
    steps.advance()
    return Network(name, FORMAT, content=content)


def _checked_output(source: ModelSource, path: Path, *, force: bool) -> Path:
    """Before the work, not after it."""
    if source.kind == "network" and path.suffix.lower() != FORMAT:
        raise InvalidInputError(f"{path} is to be an {FORMAT} file; name it {path.stem}{FORMAT}")
    if not path.parent.is_dir():
        raise InvalidInputError(f"cannot write {path}: there is no folder {path.parent}")
    if not force and os.path.lexists(path):
        raise InvalidInputError(
            f"{path} exists already; name another place, or replace it with force (--force)"
        )
    return path
