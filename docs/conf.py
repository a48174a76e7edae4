"""The settings of Sphinx. The build needs no network: names of other projects are not linked."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from typing import Any

import numpy as np
from sphinx.pycode import ModuleAnalyzer

from ei_runner_core import __version__, results
from ei_runner_core._http import Secret
from ei_runner_core.contract import models
from ei_runner_core.images import ImageMapping
from ei_runner_core.impulse import Impulse
from ei_runner_core.ingestion.collecting import recording

vars(results)["np"] = np  # msgspec evaluates the annotations, and there is no np at run time
vars(results)["ImageMapping"] = ImageMapping
vars(models)["Impulse"] = Impulse
vars(recording)["Secret"] = Secret

for name in ("authoring", "ingestion", "studio"):  # autodoc sees what a module holds, not more
    module = import_module(f"ei_runner_core.{name}")
    vars(module).update({member: getattr(module, member) for member in module.__all__})

project = "ei-runner"
author = "The ei-runner authors"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx wants this name
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
smartquotes = False  # "--json" shall stay as it is
html_theme = "furo"
html_title = f"ei-runner {version}"
html_extra_path = ["reference/impulse.schema.json"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False
python_use_unqualified_type_names = True

suppress_warnings = ["ref.python"]  # the builtin `type` is not one of the fields of that name

nitpick_ignore_regex = [
    ("py:class", r"-?\d.*|.*\bBox|NetworkFiles|WindowInput"),  # a bound of a type, unions of types
    ("py:class", r"(.+\.)?Secret|NonFinite|OnProgress|(.+\.)?Wish"),  # internal, told in words
    ("py:class", r"T|Ts|ei_runner_core\.authoring\.commands\.Command"),  # variables of types
    ("py:.*", r"(numpy|np|npt|PIL|Image|rich|click|msgspec|pluggy|_?pytest)(\..+)?"),
    ("py:class", r"Table"),  # of rich
    ("py:.*", r"(collections\.abc|os|pathlib|types|typing|typing_extensions)\..+|struct"),
    (
        "py:.*",
        r"(Any|Arrays|Call|Callable|Iterable|Iterator|Mapping|Path|PathLike|Self|Sequence|TracebackType)",
    ),
]


def setup(app: Any) -> None:
    """Tell autodoc about three habits of this project."""
    app.connect("autodoc-process-docstring", _find_words_on_constant, priority=300)
    app.connect("autodoc-process-docstring", _keep_colons, priority=400)  # before napoleon
    app.connect("autodoc-process-signature", _shorten_factories)


def _find_words_on_constant(
    _app: object, what: str, name: str, thing: object, _options: object, lines: list[str]
) -> None:
    """A constant that is handed on has its words where it is made, not those of a builtin type."""
    is_foreign = not type(thing).__module__.startswith("ei_runner_core")
    if what == "data" and is_foreign and thing.__doc__ == type(thing).__doc__:
        lines[:] = _words_on(name.rpartition(".")[2], thing)


def _words_on(constant: str, thing: object) -> list[str]:
    for module in sorted(sys.modules):
        if module.startswith("ei_runner_core") and vars(sys.modules[module]).get(constant) is thing:
            words = ModuleAnalyzer.for_module(module).find_attr_docs().get(("", constant))
            if words:
                return list(words)
    return []


def _keep_colons(
    _app: object, what: str, _name: str, _thing: object, _options: object, lines: list[str]
) -> None:
    """Types stand in annotations, never before a colon: tell napoleon that there is none."""
    first_lines = [i + 1 for i, line in enumerate(lines) if line == "Returns:"]
    if lines and what in ("attribute", "data", "property"):
        first_lines.append(0)
    for i in first_lines:
        lines[i] = re.sub(r"^(\s*)", r"\1: ", lines[i])


def _shorten_factories(
    _app: object, _what: str, _name: str, _thing: object, _options: object, *signature: str | None
) -> tuple[str, str | None] | None:
    """A default that a function makes has no literal, and what stands there cannot be parsed."""
    arguments, returns = signature
    if arguments is None or "<factory>" not in arguments:
        return None
    return arguments.replace("<factory>", "..."), returns
