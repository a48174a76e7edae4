"""The reference is complete: what the code has stands there, and what stands there is so."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PUBLIC_MODULES = (
    "ei_runner_core",
    "ei_runner_core.authoring",
    "ei_runner_core.authoring.children",
    "ei_runner_core.authoring.commands",
    "ei_runner_core.authoring.native_files",
    "ei_runner_core.compiling",
    "ei_runner_core.demos",
    "ei_runner_core.dsp",
    "ei_runner_core.files",
    "ei_runner_core.images",
    "ei_runner_core.impulse",
    "ei_runner_core.ingestion",
    "ei_runner_core.ingestion.collecting",
    "ei_runner_core.ingestion.datasets",
    "ei_runner_core.installed_models",
    "ei_runner_core.packaging",
    "ei_runner_core.plugins",
    "ei_runner_core.postprocess",
    "ei_runner_core.rewriting",
    "ei_runner_core.smoothing",
    "ei_runner_core.studio",
    "ei_runner_core.testing",
    "ei_runner_core.testing.studio",
    "ei_runner_core.uploaders",
)
# Rooms that nobody outside imports from; what users need of them `ei_runner_core` hands out.
INTERNAL_MODULES = {
    "cli", "contract", "credentials", "errors", "fields", "hookspecs", "locate", "model", "opening",
    "parameters", "pipeline", "reading", "results", "selection", "windows",
}  # fmt: skip
# variables that a dependency reads
OF_OTHERS = {
    "ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_COLOR", "NO_PROXY", "REQUESTS_CA_BUNDLE",
}  # fmt: skip
NO_VARIABLES = {"EI_RUNNER"}  # what samples say of the program that sent them
# of the headers of C++ exports
MACROS = ("EI_CLASSIFIER_", "EI_ANOMALY_TYPE_", "EI_STUDIO_VERSION_")


def public_names() -> Iterator[tuple[str, str]]:
    for name in PUBLIC_MODULES:
        module = importlib.import_module(name)
        yield from ((name, public) for public in module.__all__ if public != "__version__")


def documented_names() -> set[str]:
    """Full names that a directive of autodoc documents, one by one or as members of a module."""
    names: set[str] = set()
    for page in REFERENCE.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        names |= set(re.findall(r"^\.\. auto(?!module)\w+:: ([\w.]+)$", text, re.MULTILINE))
        for module, members in re.findall(
            r"^\.\. automodule:: ([\w.]+)\n(?:   :.*\n)*?   :members:(.*)$", text, re.MULTILINE
        ):
            listed = re.findall(r"\w+", members) or importlib.import_module(module).__all__
            names |= {f"{module}.{name}" for name in listed}
    return names


def is_handed_on(module: str, name: str, documented: set[str]) -> bool:
    """Whether it is a name of the core, documented there, that the module has too."""
    import ei_runner_core

    thing = getattr(importlib.import_module(module), name)
    is_same = thing is getattr(ei_runner_core, name, None)
    return is_same and f"ei_runner_core.{name}" in documented


def test_every_public_name_stands_in_the_reference() -> None:
    documented = documented_names()
    constants = {name.rpartition(".")[2] for name in documented if name.count(".") == 2}
    missing = [
        f"{module}.{name}"
        for module, name in public_names()
        if f"{module}.{name}" not in documented
        and name not in constants
        and not is_handed_on(module, name, documented)
    ]
    assert not missing, f"add them to docs/reference: {missing}"


def test_every_module_is_public_or_internal_on_purpose() -> None:
    modules = {path.stem for path in (ROOT / "ei_runner_core").glob("[a-z]*") if path.suffix != ""}
    modules |= {path.parent.name for path in (ROOT / "ei_runner_core").glob("[a-z]*/__init__.py")}
    public = {name.split(".")[1] for name in PUBLIC_MODULES if "." in name}
    assert modules - {"py"} == public | INTERNAL_MODULES


@pytest.mark.parametrize(("module", "name"), list(public_names()))
def test_every_public_name_has_a_docstring(module: str, name: str) -> None:
    thing = getattr(importlib.import_module(module), name)
    if not (inspect.isclass(thing) or inspect.isroutine(thing)):
        return  # a constant; Sphinx fails for one without a documentation string
    assert (thing.__doc__ or "").strip(), f"{module}.{name}"
    if inspect.isclass(thing) and thing.__module__.startswith("ei_runner_core"):
        for member, value in vars(thing).items():
            if not member.startswith("_") and isinstance(value, (property, classmethod)):
                assert inspect.getdoc(getattr(thing, member)), f"{module}.{name}.{member}"
            if not member.startswith("_") and inspect.isfunction(value):
                assert inspect.getdoc(getattr(thing, member)), f"{module}.{name}.{member}"


def package_sources() -> list[Path]:
    packages = [ROOT / "ei_runner_core", *ROOT.glob("backends/*/ei_runner_*")]
    return [path for package in packages for path in sorted(package.rglob("*.py"))]


def variables_in_code() -> set[str]:
    names: set[str] = set()
    for path in package_sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names |= {*_variable_name(node), *_environment_key(node)}
    return names


def _variable_name(node: ast.AST) -> Iterator[str]:
    """A literal that looks like one of our variables, wherever it stands."""
    text = str(node.value) if isinstance(node, ast.Constant) else ""
    is_ours = re.fullmatch(r"(EI|EDGE_IMPULSE)_[A-Z0-9_]+", text) and text not in NO_VARIABLES
    if is_ours and not text.startswith(MACROS):
        yield text
    yield from re.findall(r"\$(EI_[A-Z0-9_]+)", text)  # in a shell script


def named_in_code() -> set[str]:
    """The literals in ``HOME_VARIABLE = "X"``."""
    sources = "".join(path.read_text(encoding="utf-8") for path in package_sources())
    return set(re.findall(r'^\w*VARIABLE = "(\w+)"$', sources, re.MULTILINE))


def _environment_key(node: ast.AST) -> Iterator[str]:
    """The literal in ``os.environ["X"]``, ``os.environ.get("X")`` and ``os.getenv("X")``."""
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and ast.unparse(node.value).endswith("environ")
    ):
        key: ast.expr = node.slice
    elif (
        isinstance(node, ast.Call)
        and re.search(r"environ(ment)?\.\w+$|getenv$", ast.unparse(node.func))
        and node.args
    ):
        key = node.args[0]
    else:
        return
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        yield key.value


def documented_variables() -> set[str]:
    text = (REFERENCE / "environment.md").read_text(encoding="utf-8")
    return set(re.findall(r"^`([A-Z][A-Z0-9_]+)`$", text, re.MULTILINE))


def test_every_variable_that_the_code_reads_is_documented() -> None:
    assert variables_in_code() <= documented_variables()


def test_every_documented_variable_is_read() -> None:
    assert documented_variables() - OF_OTHERS <= variables_in_code() | named_in_code()


def test_the_published_schema_is_that_of_the_code() -> None:
    from ei_runner_core.impulse import json_schema

    published = json.loads((REFERENCE / "impulse.schema.json").read_text(encoding="utf-8"))
    assert published == json_schema(), "write it anew with: nox -s generate"


def test_every_field_of_the_schema_is_explained() -> None:
    schema = json.loads((REFERENCE / "impulse.schema.json").read_text(encoding="utf-8"))
    text = (REFERENCE / "impulse-json.md").read_text(encoding="utf-8")
    fields = {field for node in schema["$defs"].values() for field in node.get("properties", {})}
    missing = sorted(field for field in fields if f"`{field}`" not in text)
    assert not missing


def test_every_hook_is_documented_with_its_signature() -> None:
    from ei_runner_core import hookspecs

    text = (REFERENCE / "hooks.md").read_text(encoding="utf-8")
    hooks = [name for name in dir(hookspecs) if name.startswith("ei_runner_")]
    assert hooks
    for name in hooks:
        assert f".. autofunction:: ei_runner_core.hookspecs.{name}\n" in text
        assert re.search(rf"^@hookimpl\ndef {name}\(\)", text, re.MULTILINE), f"no example: {name}"


def test_every_error_is_in_the_tree_of_the_module() -> None:
    from ei_runner_core import errors

    assert errors.__doc__ is not None
    for name in errors.__all__:
        assert name in errors.__doc__


def test_the_design_names_every_room_of_the_core() -> None:
    text = (ROOT / "docs" / "explanation" / "design.md").read_text(encoding="utf-8")
    rooms = {
        path.stem for path in (ROOT / "ei_runner_core").glob("[a-z]*") if path.name != "py.typed"
    }
    missing = sorted(room for room in rooms if f"`{room}`" not in text)
    assert not missing
