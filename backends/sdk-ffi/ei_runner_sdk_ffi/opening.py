"""From a source to a session: build or find the library, then load it here or in a worker."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ei_runner_core import (
    EdgeImpulseError,
    ImpulseSession,
    InvalidInputError,
    ModelSource,
    Network,
    UnsupportedModelError,
)
from ei_runner_core.authoring import installed_tensor_backends

from .build.options import BuildOptions
from .model import Model
from .native import ffi
from .network import NetworkBridge
from .options import SessionOptions
from .session import SdkFfiSession
from .usual_backend import usual_backend

__all__ = ["open_here", "open_session", "takes_networks"]

_NETWORK_OF_EXPORTS = ".tflite"
_IN_THE_LIBRARY = ("compiled", "linked")


def open_session(
    source: ModelSource, options: SessionOptions, build_options: BuildOptions
) -> ImpulseSession:
    """Open a model; errors as of :meth:`ei_runner_sdk_ffi.backend.SdkFfiBackend.open`."""
    given = _networks(source, own=False)
    path, network = _library(source, _with_network_of(given, build_options))
    arguments: dict[str, Any] = {
        "name": source.path.name,
        "path": str(path),
        "network": network,
        "network_options": dict(options.network_options),
        "given": given,
        "originals": _networks(source, own=True),
    }
    if options.isolation == "none":
        return _checked(open_here(**arguments), source)
    from .isolation.session import open_isolated

    session = open_isolated(
        f"{__name__}:open_here",
        arguments,
        timeout=options.timeout,
        start_timeout=options.start_timeout,
        stop_timeout=options.stop_timeout,
        restart=options.restart,
        name=source.path.name,
    )
    return _checked(session, source)


def open_here(
    name: str,
    path: str,
    network: str,
    network_options: Mapping[str, Any],
    given: Mapping[str, str],
    originals: Mapping[str, str],
) -> SdkFfiSession:
    """Open a library in this process.

    Args:
        name: what messages call the model.
        path: the library.
        network: the backend that runs its networks, if it asks for one; empty takes the usual one.
        network_options: options of that backend.
        given: network files in place of the model's own, by the id of the learn block.
        originals: the model's own, where they are known.
    """

    def make_bridge() -> NetworkBridge:
        backend = network or usual_backend(Network(f"the network of {name}", _NETWORK_OF_EXPORTS))
        return NetworkBridge(ffi, backend, network_options, _opened(given), _opened(originals))

    library = Path(path)
    return SdkFfiSession(Model(name, library, library.read_bytes(), make_bridge))


def takes_networks(source: ModelSource) -> bool:
    """Whether the network files that the user has named can take the place of the export's own."""
    if not _networks(source, own=False):
        return True
    from .build.cache import Cache
    from .build.export import read_export

    try:
        return not read_export(source.path, sdk=None, cache=Cache.find()).is_eon
    except EdgeImpulseError:
        return True  # what is wrong with it is told when it is opened


def _library(source: ModelSource, options: BuildOptions) -> tuple[Path, str]:
    """The library of a model, built where it is an export, and what may run its networks."""
    if source.kind == "library":
        _check_it_loads(source.path)
        return source.path, options.network or ""
    from .build.shortcut import ready_library

    _check_it_is_for_here(options)
    ready = ready_library(source.path, options)
    return ready.path, ready.network


def _with_network_of(given: Mapping[str, str], options: BuildOptions) -> BuildOptions:
    """The options with the backend that opens the network file of the user, if there is one.

    Such a file need not take the integers that the export's own one takes: only the SDK for full
    TensorFlow Lite asks it.

    Raises:
        InvalidInputError: the backend that they name opens no network of an export.
    """
    networks = _opened(given)
    if networks and options.network is None and options.use_full_tflite is None:
        usual = usual_backend(min(networks.values(), key=lambda network: network.format))
        return replace(options, network=usual or None, use_full_tflite=True)
    suffixes = {network.format for network in networks.values()} or {_NETWORK_OF_EXPORTS}
    fitting = [installed_tensor_backends(suffix) for suffix in suffixes]
    name = options.network
    if given and (name in _IN_THE_LIBRARY or options.use_full_tflite is False):
        raise InvalidInputError(
            f"{', '.join(given.values())} cannot be run by code in the library: leave the option "
            "network (USE_FULL_TFLITE) out, or the network file"
        )
    if name in installed_tensor_backends() and not all(name in names for names in fitting):
        raise InvalidInputError(
            f"network={name!r} does not open {', '.join(sorted(suffixes))}: give a network file of "
            "its own with network= of EdgeImpulseModel (--network), or leave the option out"
        )
    return replace(options, use_full_tflite=True) if given else options


def _check_it_is_for_here(options: BuildOptions) -> None:
    from .build.targets import choose_target, this_machine

    target = choose_target(options)
    if target != this_machine():
        raise InvalidInputError(
            f"a model that is opened here cannot be built for {target.name}: leave the target out, "
            "or make a library for that machine with: ei-runner build --target"
        )


def _check_it_loads(path: Path) -> None:
    """See that a library is for this machine, before the loader says it less clearly."""
    from ei_runner_core.authoring.native_files import (
        Content,
        describe,
        loads_here,
        read_native_file,
        this_machine,
    )

    with path.open("rb") as file:
        found = read_native_file(Content(file))
    if found is not None and not loads_here(found):
        raise UnsupportedModelError(
            f"{path} is for {describe(found.system, found.machines)}, this is "
            f"{describe(this_machine()[0], this_machine()[1:])}: build it for this machine with: "
            "ei-runner build"
        )


def _networks(source: ModelSource, *, own: bool) -> dict[str, str]:
    """The network files of the export, or those that the user has named instead."""
    root = source.path.absolute()
    return {
        str(block_id): str(network.path.absolute())
        for block_id, (network, *_) in source.networks.items()
        if network.path is not None and network.path.absolute().is_relative_to(root) is own
    }


def _opened(files: Mapping[str, str]) -> dict[int, Network]:
    return {
        int(block_id): Network(file, Path(file).suffix.lower(), path=Path(file))
        for block_id, file in files.items()
    }


def _checked(session: ImpulseSession, source: ModelSource) -> ImpulseSession:
    """A session that runs what was asked for: an export may hold more than its default impulse."""
    asked = source.impulse
    project = session.parameters.project
    if asked is None or asked.project.id in (0, project.id):
        return session
    session.close()
    raise UnsupportedModelError(
        f"{source.path} was compiled to run the impulse of the project {project.id}, not the "
        f"chosen one of the project {asked.project.id}: open it with a tensor backend"
    )
