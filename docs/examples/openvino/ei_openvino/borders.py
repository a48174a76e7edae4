"""Scale and zero point of inputs and outputs, from the operators at the borders of the graph.

OpenVINO computes quantised networks as float ones with rounding between: behind an integer input
and before an integer output stands what maps it to real numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

__all__ = ["NOT_QUANTIZED", "input_quantization", "output_quantization"]

Quantization = tuple[float, int]
"""real = (raw - zero point) * scale"""

NOT_QUANTIZED: Quantization = (0.0, 0)
_MOVERS = {"Reshape", "Squeeze", "Transpose", "Unsqueeze"}


def input_quantization(parameter: Any) -> Quantization:
    """That of an input; one that is read in two ways, or as it is, has none."""
    ways = {_behind(reader) for reader in _readers(parameter)}
    return ways.pop() if len(ways) == 1 else NOT_QUANTIZED


def output_quantization(result: Any) -> Quantization:
    """That of an output, if it is rounded from real numbers."""
    node = _source(result)
    while node.get_type_name() in _MOVERS:
        node = _source(node)
    if node.get_type_name() != "Convert" or _source(node).get_type_name() != "FakeQuantize":
        return NOT_QUANTIZED
    real_low, real_high, raw_low, raw_high = _bounds(_source(node))
    return _quantization(real_low, real_high, raw_low, raw_high)


def _readers(node: Any) -> Iterator[Any]:
    """The nodes that work with the values of one, however these are moved about before."""
    for target in node.output(0).get_target_inputs():
        reader = target.get_node()
        yield from _readers(reader) if reader.get_type_name() in _MOVERS else [reader]


def _behind(convert: Any) -> Quantization:
    """What the nodes behind a conversion from integers make of them."""
    if convert.get_type_name() != "Convert":
        return NOT_QUANTIZED
    following = _only_reader(convert)
    if following is not None and following.get_type_name() == "FakeQuantize":
        raw_low, raw_high, real_low, real_high = _bounds(following)
        return _quantization(real_low, real_high, raw_low, raw_high)
    zero_point = 0.0
    if following is not None and following.get_type_name() == "Subtract":
        zero_point, following = _constant(following, 1), _only_reader(following)
    if following is None or following.get_type_name() != "Multiply":
        return NOT_QUANTIZED
    return _checked(_constant(following, 1), zero_point)


def _only_reader(node: Any) -> Any:
    readers = list(_readers(node))
    return readers[0] if len(readers) == 1 else None


def _bounds(fake_quantize: Any) -> list[float]:
    return [_constant(fake_quantize, position) for position in range(1, 5)]


def _constant(node: Any, position: int) -> float:
    """The value of an input that is one number for the whole tensor; NaN if it is not."""
    source = _source(node, position)
    while source.get_type_name() in _MOVERS | {"Convert"}:
        source = _source(source)
    if source.get_type_name() != "Constant" or source.data.size != 1:
        return math.nan
    return float(source.data.item())


def _source(node: Any, position: int = 0) -> Any:
    return node.input_value(position).get_node()


def _quantization(
    real_low: float, real_high: float, raw_low: float, raw_high: float
) -> Quantization:
    if raw_high == raw_low:
        return NOT_QUANTIZED
    scale = (real_high - real_low) / (raw_high - raw_low)
    return _checked(scale, raw_low - real_low / scale if scale else math.nan)


def _checked(scale: float, zero_point: float) -> Quantization:
    if math.isfinite(zero_point) and 0 < scale < math.inf:
        return scale, round(zero_point)
    return NOT_QUANTIZED
