"""Operators that QNN's emulator was seen to compute wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onnx import NodeProto

__all__ = ["known_faults"]


def known_faults(content: bytes) -> list[str]:
    """What of a network is known to give wrong answers, in words; each once."""
    import onnx

    nodes = onnx.load_model_from_string(content).graph.node
    return list(dict.fromkeys(fault for fault in map(_fault, nodes) if fault))


def _fault(node: NodeProto) -> str:
    from onnx import helper

    given: dict[str, Any] = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    is_padded = any(given.get("pads", ())) or given.get("auto_pad", b"").startswith(b"SAME")
    if node.op_type == "AveragePool" and given.get("ceil_mode"):
        return "AveragePool with ceil_mode"
    if node.op_type == "MaxPool" and (is_padded or given.get("ceil_mode")):
        return "MaxPool with padding"
    if node.op_type == "Resize" and given.get("mode", b"nearest") == b"nearest":
        return "Resize in the mode nearest"
    return ""
