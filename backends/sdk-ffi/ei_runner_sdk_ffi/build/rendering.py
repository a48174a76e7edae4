"""A build plan as text to read and as values for JSON: the same on every machine."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .flags.parts import SHIM, Need
from .plan import BuildPlan

__all__ = ["plan_as_json", "plan_as_text"]


def plan_as_text(plan: BuildPlan) -> str:
    """The plan in sections; the sources that are compiled by need as counts by folder."""
    shown = _Paths(plan)
    sections: dict[str, Iterable[str]] = {
        "target": [plan.target.name],
        "network": [plan.network],
        "compiler": [_compiler(plan)],
        "defines": plan.defines,
        "includes": plan.includes,
        "flags for our sources": plan.own_flags,
        "flags for others": plan.sdk_flags,
        "flags": plan.common_flags,
        "flags for C": plan.c_flags,
        "flags for C++": plan.cxx_flags,
        "always compiled": map(str, (*plan.own, *plan.model, *plan.extra)),
        "compiled by need": _by_folder(plan),
        "link": plan.link,
        "lies beside": map(str, plan.libraries),
        "needs": map(_need, plan.needs),
        "notes": plan.notes,
    }
    texts = (_section(title, map(shown, lines)) for title, lines in sections.items())
    return "\n".join(text for text in texts if text)


def plan_as_json(plan: BuildPlan) -> dict[str, Any]:
    """The whole plan, with every source that may be compiled."""
    shown = _Paths(plan)
    return {
        "target": plan.target.name,
        "network": plan.network,
        "compiler": _compiler(plan),
        "defines": shown.all(plan.defines),
        "includes": shown.all(plan.includes),
        "own_flags": shown.all(plan.own_flags),
        "sdk_flags": shown.all(plan.sdk_flags),
        "flags": shown.all(plan.common_flags),
        "c_flags": shown.all(plan.c_flags),
        "cxx_flags": shown.all(plan.cxx_flags),
        "always_compiled": shown.all((*plan.own, *plan.model, *plan.extra)),
        "compiled_by_need": shown.all(plan.candidates),
        "link": shown.all(plan.link),
        "libraries": shown.all(plan.libraries),
        "needs": [
            {"path": shown(need.path), "missing": not need.is_there, "why": shown(need.why)}
            for need in plan.needs
        ],
        "notes": shown.all(plan.notes),
    }


class _Paths:
    """Writes the folders of this machine as what they are."""

    def __init__(self, plan: BuildPlan) -> None:
        names = {str(SHIM): "<shim>", str(plan.export.root): "."}
        if plan.export.sdk.parent != plan.export.root:
            names[str(plan.export.sdk.parent)] = "<sdk>"
        longest_first = sorted(map(re.escape, names), key=len, reverse=True)
        self._names = names
        self._folder = re.compile(f"({'|'.join(longest_first)})(?![\\w.-])")

    def __call__(self, text: str | Path) -> str:
        return self._folder.sub(lambda found: self._names[found[0]], str(text))

    def all(self, texts: Iterable[str | Path]) -> list[str]:
        return [self(text) for text in texts]


def _by_folder(plan: BuildPlan) -> list[str]:
    counts = Counter(str(path.parent) for path in plan.candidates)
    return [f"{folder} ({count})" for folder, count in counts.items()]


def _compiler(plan: BuildPlan) -> str:
    problem = plan.toolchain.problem
    return f"{plan.toolchain.kind} (missing): {problem}" if problem else plan.toolchain.kind


def _need(need: Need) -> str:
    return f"{need.path}{'' if need.is_there else ' (missing)'}: {need.why}"


def _section(title: str, lines: Iterable[str]) -> str:
    body = "".join(f"  {line}\n" for line in lines)
    return f"{title}\n{body}" if body else ""
