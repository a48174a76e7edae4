"""Headers that the SDK includes in passing: sources that do not use them are spared reading them.

The schema of TensorFlow Lite alone takes a compiler longer than most kernels do without it. A
header is left out by defining the macro that guards it. That is a guess, by the text of a source:
where it is wrong something is not declared, so that the source does not compile, and then it is
compiled once more with all that it includes.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .plan import BuildPlan

__all__ = ["omissions"]

_TENSORFLOW = "edge-impulse-sdk/tensorflow/"
# Since 2023 what most sources need of the schema is in a header of its own. Before that the macro
# guards both parts, and TensorFlow Lite outside of the SDK has it too.
_SCHEMA = f"{_TENSORFLOW}lite/schema/schema_generated_full.h"
_SCHEMA_OMITTED = ("-DFLATBUFFERS_GENERATED_SCHEMA_TFLITE_H_",)
_USES_SCHEMA = re.compile(rb"\bschema_generated_full\b|\b(?:Model|SubGraph|tflite::Tensor)\b")
# A network that was compiled with EON has neither an interpreter nor a list of operators.
_INTERPRETER_OMITTED = (
    "-DTENSORFLOW_LITE_MICRO_MICRO_INTERPRETER_H_",
    "-DTENSORFLOW_LITE_MICRO_ALL_OPS_RESOLVER_H_",
)


def omissions(plan: BuildPlan, source: Path) -> tuple[str, ...]:
    """The flags with which a source of a plan is probably compiled sooner, to the same code."""
    if plan.network != "compiled":
        return ()
    if source in plan.own:
        return _INTERPRETER_OMITTED if plan.export.is_eon else ()
    is_tensorflow = _TENSORFLOW in source.as_posix()  # absolute where the SDK lies elsewhere
    if not is_tensorflow or _SCHEMA not in plan.export.stamps.files:
        return ()
    return () if _uses_schema(plan.export.root / source) else _SCHEMA_OMITTED


def _uses_schema(source: Path) -> bool:
    try:
        return _USES_SCHEMA.search(source.read_bytes()) is not None
    except OSError:  # the compiler will tell
        return True
