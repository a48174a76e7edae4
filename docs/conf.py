"""The settings of Sphinx. The build needs no network: names of other projects are not linked."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ei_runner_core import __version__, results
from ei_runner_core.images import ImageMapping

vars(results)["np"] = np  # msgspec evaluates the annotations, and there is no np at run time
vars(results)["ImageMapping"] = ImageMapping

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
    """Tell autodoc about two habits of this project."""
    app.connect("autodoc-process-docstring", _keep_colons, priority=400)  # before napoleon
    app.connect("autodoc-process-signature", _shorten_factories)


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
