"""From a C++ library export to an impulse with its networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from ...contract import ModelSource
from ...errors import ModelFormatError
from ...parameters import AnomalyType, Engine, ProjectInfo
from ..tree import Impulse
from ..validate import check_references
from .complete import check_complete
from .dsp import read_dsp_blocks
from .facts import Facts, choose, described, impulses
from .files import open_export
from .input import read_input
from .learn import Learned, read_learn_blocks
from .network_bytes import find_network
from .numbers import whole
from .postprocessing import read_postprocessing
from .source import Source, read_source

__all__ = ["list_impulses", "read_export"]


def read_export(path: Path, impulse: str | int | None = None) -> ModelSource:
    """Read an export of any generation from a folder or a zip, without a compiler.

    A network that was compiled with EON has no file: its learn block is there, with no ``files``,
    and ``networks`` has no entry for it. A network whose file is missing from the export has no
    entry either, while its block names the file.

    Args:
        path: the folder or zip; the export may begin in a folder inside of it.
        impulse: which one of several: its id or that of its project, its name or that of its
            project, or its variable.

    Raises:
        ModelNotFoundError: there is nothing at the path, or a header is missing.
        ModelFormatError: there is no export, it is damaged, contradicts itself, or holds several
            impulses and none was chosen.
        InvalidInputError: it holds no such impulse.
        BackendUnavailableError: the parser is not installed.
    """
    try:
        with open_export(path) as files:
            source = read_source(files)
            facts = choose(source, impulses(source), impulse)
            found, learned = _impulse(source, facts)
            networks = {
                one.block.id: (network,)
                for one in learned
                if one.network and (network := find_network(files, source, one.network))
            }
            return ModelSource(path, "cpp-export", found, networks)
    except (ModelFormatError, RecursionError) as error:
        raise _located(path, error) from error.__cause__


def list_impulses(path: Path) -> list[dict[str, Any]]:
    """What tells the impulses of an export apart.

    Each has ``variable``, ``id``, ``name``, ``project`` and ``project_id``; an id is None where the
    export does not tell it.

    Raises:
        ModelNotFoundError: there is nothing at the path.
        ModelFormatError: there is no export, or it is damaged.
    """
    try:
        with open_export(path) as files:
            found = impulses(read_source(files))
            return [described(name, facts) for name, facts in found.items()]
    except (ModelFormatError, RecursionError) as error:
        raise _located(path, error) from error.__cause__


def _located(path: Path, error: ModelFormatError | RecursionError) -> ModelFormatError:
    is_ours = isinstance(error, ModelFormatError)
    message = str(error) if is_ours else "its headers are nested too deep to be read from here"
    return ModelFormatError(message if str(path) in message else f"{path}: {message}")


def _impulse(source: Source, facts: Facts) -> tuple[Impulse, tuple[Learned, ...]]:
    dsp = read_dsp_blocks(source, facts)
    learned = read_learn_blocks(source, facts, dsp)
    labels = tuple(map(str, source.array(facts.get("categories"), "the list of labels")))
    check_complete(source, facts, learned, labels)
    if not learned:
        raise ModelFormatError("the export has no learn blocks; is it complete?")
    impulse = Impulse(
        name=str(facts.get("impulse_name") or facts.get("project_name") or ""),
        project=_project(facts),
        input=read_input(source, facts, dsp),
        labels=labels,
        dsp=dsp,
        learn=tuple(one.block for one in learned),
        postprocessing=read_postprocessing(source, facts, learned, len(labels)),
        anomaly=cast(Any, _anomaly(whole(facts, "has_anomaly", 0))),
        engine=Engine(whole(facts, "inferencing_engine", Engine.TFLITE)).name.lower(),
    )
    _check(impulse)
    return impulse, learned


def _check(impulse: Impulse) -> None:
    """Headers say what they like; an impulse has its types and bounds, and no contradictions."""
    import msgspec

    try:
        msgspec.convert(msgspec.to_builtins(impulse), Impulse)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at ")
        raise ModelFormatError(f"{path.strip('`')}: {problem}; is the export damaged?") from error
    check_references(impulse, where="", with_files=False)


def _anomaly(code: int) -> str:
    if code not in list(AnomalyType):
        raise ModelFormatError(f"there is no kind of anomaly {code}; is the export damaged?")
    return AnomalyType(code).name.lower()


def _project(facts: Facts) -> ProjectInfo:
    number = whole(facts, "impulse_id", 0)
    return ProjectInfo(
        id=whole(facts, "project_id", 0),
        owner=str(facts.get("project_owner") or ""),
        name=str(facts.get("project_name") or ""),
        deploy_version=whole(facts, "deploy_version", 0),
        impulse_id=number or None,
        impulse_name=str(facts["impulse_name"]) if facts.get("impulse_name") else None,
    )
