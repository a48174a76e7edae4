"""Which operands an operator cannot do without: kernels look at them without asking."""

from __future__ import annotations

from .flatbuffer import DamageError

__all__ = ["check_operands"]

_LAST_KNOWN = 161
_FREE = frozenset({29, 30, 31, 32, 51, 127})
"""CUSTOM and other operators whose operands depend on more than their code."""
_LEAVE_OUT_RESULTS = (118, 119)  # IF, WHILE

_FEWEST_INPUTS = {
    code: count
    for count, codes in {
        0: (129, 136, 142),  # CALL_ONCE, HASHTABLE, VAR_HANDLE
        2: (
            *(0, 3, 7, 9, 15, 18, 23, 34, 36, 39, 40, 41, 42, 48, 49, 54, 55, 56, 57, 58, 60),
            *(61, 62, 63, 69, 70, 71, 72, 74, 78, 79, 81, 82, 84, 86, 89, 90, 91, 94, 95, 97),
            *(99, 100, 105, 106, 107, 112, 115, 125, 126, 128, 130, 131, 132, 140, 144, 145),
            *(149, 156, 160, 161),
        ),
        # DEPTHWISE_CONV_2D needs its bias: without it the kernels of LiteRT end the process
        3: (4, 10, 37, 38, 64, 65, 67, 96, 102, 122, 123, 137, 138, 141, 151, 153, 154, 155, 157),
        4: (45, 68, 85),
        5: (16, 24, 27, 33, 35, 120, 121),
        12: (46,),  # BIDIRECTIONAL_SEQUENCE_RNN
        20: (44,),  # UNIDIRECTIONAL_SEQUENCE_LSTM
        48: (52,),  # BIDIRECTIONAL_SEQUENCE_LSTM
    }.items()
    for code in codes
}
"""Of the other operators, each has at least one."""

_FEWEST_OUTPUTS = {118: 0, 129: 0, 138: 0, 144: 0, 10: 2, 48: 2, 103: 2, 120: 2, 121: 3}
"""IF, CALL_ONCE, HASHTABLE_IMPORT and ASSIGN_VARIABLE may have none, those not named here one."""

_LSTM = frozenset({1, 5, *range(9, 13), 16, 17, *range(20, 24)})
_BACKWARD_LSTM = frozenset({18, 22, *range(26, 30), 33, 34, *range(39, 48)})

_OPTIONAL_INPUTS = {
    **dict.fromkeys((3, 4, 9, 34, 60, 132), frozenset({2})),  # biases, and what PAD fills in
    **dict.fromkeys((27, 67, 141), frozenset({3})),  # biases of SVDF, transposed convolutions
    **dict.fromkeys((16, 44), _LSTM),
    46: frozenset({9, 10, 11}),
    52: _LSTM - set(range(20, 24)) | _BACKWARD_LSTM,
}
"""The places of inputs that may be left out."""


def check_operands(code: int, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> None:
    """Refuse an operator that lacks operands, or has -1 where a tensor has to be.

    Operators that are newer than this table may have what they like.
    """
    if code > _LAST_KNOWN or code in _FREE:
        return
    for what, operands, fewest in (
        ("inputs", inputs, _FEWEST_INPUTS.get(code, 1)),
        ("outputs", outputs, _FEWEST_OUTPUTS.get(code, 1)),
    ):
        if len(operands) < fewest:
            raise DamageError(f"operator {code} has {len(operands)} {what}, expected {fewest}")
    if -1 in outputs and code not in _LEAVE_OUT_RESULTS:
        raise DamageError(f"operator {code} lacks its output {outputs.index(-1)}")
    if -1 in inputs:
        missing = {place for place, index in enumerate(inputs) if index < 0}
        if needed := missing - _OPTIONAL_INPUTS.get(code, frozenset()):
            raise DamageError(f"operator {code} lacks its input {min(needed)}")
