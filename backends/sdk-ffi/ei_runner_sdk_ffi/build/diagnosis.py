"""What a compiler or linker said, as one error with the cause and the lines that matter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ei_runner_core import BuildError

from .causes import CAUSES, HEADER, LIBRARY, OUT_OF_MEMORY, UNDEFINED, VENDORS
from .promises import promised

if TYPE_CHECKING:
    from .export import Export
    from .plan import BuildPlan

__all__ = ["Failure", "diagnose"]

_SHOWN = 3  # lines, or names
_LONGEST = 240  # characters of one line
_MOST_LINES, _LONGEST_READ = 5000, 1000  # lines, and characters of one, that are looked at
_RELEVANT = re.compile(r"error|undefined|cannot find|not found|No space|[Kk]illed|duplicate symbol")
_NOISE = re.compile(
    r"collect2: error|ld returned|linker command failed|errors? generated|compilation terminated"
    r"|Undefined symbols for architecture|: in function"
)
_OTHER_VERSION = re.compile(
    r"CLASSIFICATION_MODE_|ei_post_processing_output_t|moving_avg_num_windows|output_tensors_size"
    r"|^(?:\./)?(?:model-parameters|tflite-model|edge-impulse-sdk)/\S+ error: .*(?:not declared"
    r"|has no (?:non-static data )?member|does not name a type|no member named|undeclared"
    r"|unknown type name|too many initializers|designat)",
    re.MULTILINE,
)
_TABLES = "edge-impulse-sdk/CMSIS/DSP/Source/CommonTables/arm_common_tables.c"
_IN_TABLES = re.compile(r"twiddleCoef|armBitRevIndexTable|(?:sin|cos)Table|Weights_\d|realCoef[AB]")


@dataclass(frozen=True)
class Failure:
    """A command that failed; ``source`` is ``None`` for the linker."""

    plan: BuildPlan
    source: Path | None
    code: int
    output: str


def diagnose(failure: Failure, log: Path) -> BuildError:
    """One error that says what failed, why, and where the whole output is."""
    lines = failure.output.splitlines()[:_MOST_LINES]
    failure = replace(failure, output="\n".join(line[:_LONGEST_READ] for line in lines))
    cause = next(filter(None, (rule(failure) for rule in _RULES)))
    what = f"{_name(failure.source)} does not compile" if failure.source else "it does not link"
    said = " | ".join(_relevant(failure))
    return BuildError(f"{what}: {cause}{f' ({said})' if said else ''}; all output is in {log}")


def _killed(failure: Failure) -> str:
    if failure.code >= 0 and not OUT_OF_MEMORY.search(failure.output):
        return ""
    return (
        "the compiler was killed, as happens when memory runs out; set NUM_JOBS=1 (or jobs=1) and "
        "free memory: a model takes about 0.5 GB"
    )


def _plain(failure: Failure) -> str:
    return next((cause for pattern, cause in CAUSES if pattern.search(failure.output)), "")


def _missing_header(failure: Failure) -> str:
    header = next(_groups(HEADER, failure.output), "")
    if not header:
        return ""
    if header.startswith(("edge-impulse-sdk/", "tensorflow/", "tflite-model/")):
        return (
            f"{header} is missing: the export is incomplete, or of another version than its SDK; "
            "export again"
        )
    if "/" not in header and "." not in header:
        return f"the compiler lacks the C++ library ({header}); install it: apt install g++"
    return f"the header {header} is missing; {_remedy(header) or 'install what it belongs to'}"


def _missing_library(failure: Failure) -> str:
    library = next(_groups(LIBRARY, failure.output), "")
    if not library:
        return ""
    remedy = _remedy(library) or "install it where the compiler looks for libraries"
    return f"the library {library} is missing; {remedy}"


def _other_version(failure: Failure) -> str:
    if not _OTHER_VERSION.search(failure.output):
        return ""
    studio = failure.plan.export.studio_version
    made = f"was made by Studio {studio}" if studio else "is older than 2024"
    return (
        f"the export, which {made}, and its SDK are of different versions, or a file was changed; "
        "use the edge-impulse-sdk of the same export"
    )


def _undefined(failure: Failure) -> str:
    names = list(dict.fromkeys(_groups(UNDEFINED, failure.output)))
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    shown = f"{', '.join(names[:_SHOWN])}{more}"
    if any(map(_IN_TABLES.search, names)) and _TABLES not in failure.plan.export.files:
        return f"{_TABLES} is missing, which defines {shown}; export again"
    return f"nothing defines {shown}; {_way_to_define(failure.plan.export, names)}"


def _way_to_define(export: Export, names: list[str]) -> str:
    found = promised(export, (name.partition("(")[0] for name in names))
    header = next(iter(found.values()), "")
    source = f"{header.removesuffix('.h')}.cpp"
    if header.startswith("tflite-model/") and source not in export.files:
        return f"{source} is missing, which belongs to {header}; export again"
    if header:
        return (
            f"{header} names it, and the SDK has no such function: export again, or, where a block "
            "is your own, put a .cpp file that defines it into tflite-model"
        )
    return "the SDK is incomplete, or a library is missing"


def _unknown(failure: Failure) -> str:
    return "the compiler refuses it" if failure.source else "the linker refuses it"


_RULES: tuple[Callable[[Failure], str], ...] = (
    _killed, _plain, _missing_header, _missing_library, _other_version, _undefined, _unknown,
)  # fmt: skip


def _remedy(name: str) -> str:
    return next((remedy for pattern, remedy in VENDORS if pattern.search(name)), "")


def _groups(pattern: re.Pattern[str], output: str) -> Iterator[str]:
    """What the pattern names, wherever it fits."""
    return (next(filter(None, found.groups()), "") for found in pattern.finditer(output))


def _relevant(failure: Failure) -> list[str]:
    """The lines that matter, or the first ones where none looks as if."""
    text = failure.output.replace(f"{failure.plan.export.root}/", "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = [line for line in lines if _RELEVANT.search(line) and not _NOISE.search(line)]
    return [line[:_LONGEST] for line in (found or lines)[:_SHOWN]]


def _name(source: Path) -> str:
    """A file of the export by its path in it; one of ours by its name."""
    return source.name if source.is_absolute() else str(source)
