"""QNN's form of a float network: quantised, with QuantizeLinear and DequantizeLinear around all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ei_runner_core import UnsupportedModelError
from ei_runner_core.authoring import one_line

from .qdq_settings import QdqSettings
from .quiet import quiet_tools

if TYPE_CHECKING:
    import numpy as np
    import onnx

__all__ = ["to_qdq"]

_TYPES = {"uint8": "QUInt8", "int8": "QInt8", "uint16": "QUInt16"}
_OLDEST_OPSET = 13  # the first with a scale for each channel
_OLDEST_IR = 7  # that goes with it; before 4 every weight had to be an input, too
_AT_ONCE = 32  # inputs; what they lead to in the network is kept until it is counted
_FINER = {"num_bins": 512, "num_quantized_bins": 128}  # else there is one range to choose from
_METHODS = {"minmax": "MinMax", "entropy": "Entropy", "percentile": "Percentile"}


def to_qdq(
    model: onnx.ModelProto,
    shapes: Mapping[str, Sequence[int]],
    inputs: Iterable[Sequence[np.ndarray]],
    settings: QdqSettings,
    name: str,
) -> bytes:
    """Quantise a network.

    Args:
        model: a float network.
        shapes: the shapes of its inputs by name, in their order; they are fixed in the result.
        inputs: what it is calibrated with: one array for each input.
        settings: how.
        name: what messages call it.

    Returns:
        An ``.onnx`` file.

    Raises:
        UnsupportedModelError: ONNX Runtime cannot quantise it, or nothing in it.
    """
    import onnx

    with TemporaryDirectory(prefix="ei-runner-quantize-") as folder, quiet_tools():
        try:
            made = _quantized(model, shapes, _by_name(shapes, inputs), settings, Path(folder))
            onnx.checker.check_model(made)
        except Exception as error:  # a graph may lack whatever the tools in Python take for granted
            raise UnsupportedModelError(
                f"ONNX Runtime cannot quantise {name}: {type(error).__name__}: {one_line(error)}; "
                "export the network again, with opset 17 or newer and without control flow"
            ) from error
    if not any(node.op_type == "QuantizeLinear" for node in made.graph.node):
        kinds = ", ".join(sorted({node.op_type for node in made.graph.node}))
        raise UnsupportedModelError(
            f"ONNX Runtime quantises nothing in {name}, which consists of {kinds}; run it as it is"
        )
    return bytes(made.SerializeToString(deterministic=True))


def _quantized(
    model: onnx.ModelProto,
    shapes: Mapping[str, Sequence[int]],
    inputs: Iterator[dict[str, np.ndarray]],
    settings: QdqSettings,
    folder: Path,
) -> onnx.ModelProto:
    """The network after all that ONNX Runtime's tools for QNN do to it.

    The last step is not their ``quantize``: with that, calibration by entropy has but one range to
    choose from, and what all inputs lead to is kept in memory at once.
    """
    import onnx

    tools: Any = import_module("onnxruntime.quantization")
    qnn: Any = import_module("onnxruntime.quantization.execution_providers.qnn")
    path = folder / "ready.onnx"
    fixed = [(name, ",".join(map(str, shape))) for name, shape in shapes.items() if shape]
    is_changed = qnn.qnn_preprocess_model(
        _in_known_opset(model),
        path,
        exclude_initializer_from_input=True,
        dynamic_input_shapes=fixed,
    )
    if not is_changed:  # then nothing was written
        onnx.save(_in_known_opset(model), path)
    config = qnn.get_qnn_qdq_config(
        path,
        None,
        activation_type=tools.QuantType[_TYPES[settings.activation]],
        weight_type=tools.QuantType[_TYPES["int8" if settings.per_channel else settings.weight]],
        per_channel=settings.per_channel,
    )
    kinds = sorted(config.op_types_to_quantize)
    quantizer = tools.QDQQuantizer(
        onnx.load(path),
        config.per_channel,
        config.reduce_range,
        config.weight_type,
        config.activation_type,
        _ranges(tools, path, kinds, inputs, settings.calibration),
        config.nodes_to_quantize,
        config.nodes_to_exclude,
        kinds,
        config.extra_options,
    )
    quantizer.quantize_model()
    quantizer.model.topological_sort()
    made: onnx.ModelProto = quantizer.model.model
    return made


def _in_known_opset(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy, as the tools move the weights out of what they get; of an opset that they know."""
    import onnx
    from onnx.version_converter import convert_version

    opset = next(one.version for one in model.opset_import if one.domain in ("", "ai.onnx"))
    copy = onnx.ModelProto()
    copy.CopyFrom(convert_version(model, _OLDEST_OPSET) if opset < _OLDEST_OPSET else model)
    copy.ir_version = max(copy.ir_version, _OLDEST_IR)
    return copy


def _ranges(
    tools: Any,
    path: Path,
    kinds: Sequence[str],
    inputs: Iterator[dict[str, np.ndarray]],
    calibration: str,
) -> Any:
    """The ranges of all tensors, over all inputs."""
    calibrator = tools.create_calibrator(
        path,
        kinds,
        augmented_model_path=str(path.with_name("augmented.onnx")),
        calibrate_method=tools.CalibrationMethod[_METHODS[calibration]],
        extra_options=_FINER if calibration == "entropy" else {},
    )
    while some := list(islice(inputs, _AT_ONCE)):
        calibrator.collect_data(_Reader(some))
    return calibrator.compute_data()


class _Reader:
    """What the tools ask for the next inputs, by name."""

    def __init__(self, inputs: Sequence[dict[str, np.ndarray]]) -> None:
        self._inputs = iter(inputs)

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next ones, ``None`` at the end."""
        return next(self._inputs, None)


def _by_name(
    names: Iterable[str], inputs: Iterable[Sequence[np.ndarray]]
) -> Iterator[dict[str, np.ndarray]]:
    for arrays in inputs:
        yield dict(zip(names, arrays, strict=True))
