"""The bridge from the networks of a compiled model to a tensor backend.

A model that was built to run its networks by callback asks its host to open and to run them. The
bridge answers with sessions of a tensor backend of ei-runner.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from ei_runner_core import (
    BackendUnavailableError,
    EdgeImpulseError,
    InferenceError,
    InvalidInputError,
    Network,
    TensorBackend,
    TensorSession,
)
from ei_runner_core.authoring import keep_in_forked_child, one_line
from ei_runner_core.plugins import make_backend, registry

from .opened_network import OpenedNetwork

__all__ = ["NetworkBridge"]

_FAILED = -1
_FORMAT = ".tflite"
_CLOSED = "the model is closed: open it again"
_KERNELS_OF = {"full-tflite": {"kernels": "micro"}}
_OPTIONS_OF_KERNELS = {"kernels", "default_delegates"}


class NetworkBridge:
    """Runs the networks of one loaded library in a tensor backend.

    ``host`` is what ``ei_runner_set_network`` takes; the bridge has to live as long as the library
    may be called. Calls come from one thread at a time, that of the call of the library. What goes
    wrong in them is kept: :meth:`raise_error` raises it, and has to be asked after every call of
    the library, whatever that returned.

    Args:
        ffi: the cffi instance that knows the structs of the library.
        backend: the name of a tensor backend.
        options: the options of that backend; full-tflite takes the kernels that round as those of
            the SDK if they do not say which.
        given: network files that take the place of the model's own, by the id of the learn block.
        originals: the model's own networks by the id of the learn block. They tell which block a
            network belongs to; one that is not among them gets the first given file that no other
            network has got.

    Raises:
        BackendNotFoundError: there is no such backend.
        BackendUnavailableError: it cannot be used.
        InvalidInputError: it runs whole impulses, not networks.
    """

    def __init__(
        self,
        ffi: Any,
        backend: str,
        options: Mapping[str, Any] | None = None,
        given: Mapping[int, Network] | None = None,
        originals: Mapping[int, Network] | None = None,
    ) -> None:
        self.backend = backend
        engine = _engine(backend)
        choice = _Choice(dict(given or {}), dict(originals or {}))
        chosen = _with_kernels(backend, options or {})
        self._networks = networks = _Networks(ffi, engine, backend, chosen, choice)
        # They refer to the networks and not to this object: nothing here is part of a cycle.
        self._callbacks = tuple(_callbacks(ffi, networks))
        self.host = ffi.new("ei_runner_network *", (ffi.NULL, *self._callbacks))
        self._finalizer = weakref.finalize(self, networks.close)
        keep_in_forked_child(self)

    def raise_error(self) -> None:
        """Raise what went wrong since the last time that this was asked, if something did."""
        if self._networks.error is not None:
            self._networks.raise_error()

    @property
    def is_running(self) -> bool:
        """Whether a network runs, so that the library waits for it."""
        return self._networks.is_running

    def close(self) -> None:
        """Close the sessions. The library may not be called after that. Closing twice is legal."""
        self._finalizer()

    def abandon(self) -> object:
        """Become unusable in a forked child; the sessions belong to the parent."""
        self._finalizer.detach()
        return self._networks.abandon()


class _Choice:
    """Which network is opened where the model hands over the bytes of its own."""

    def __init__(self, given: dict[int, Network], originals: dict[int, Network]) -> None:
        self._unclaimed = given
        self._originals = originals
        self._chosen: dict[bytes, Network] = {}

    def network(self, content: bytes) -> Network:
        """The same one whenever the same bytes are handed over."""
        if content not in self._chosen:
            self._chosen[content] = self._choose(content)
        return self._chosen[content]

    def _choose(self, content: bytes) -> Network:
        own = Network(f"the network of {len(content)} bytes", _FORMAT, content=content)
        for block_id, original in self._originals.items():
            if original.format == _FORMAT and original.read() == content:
                return self._unclaimed.pop(block_id, own)
        return self._unclaimed.pop(next(iter(self._unclaimed))) if self._unclaimed else own


class _Networks:
    """The opened networks by handle, and what went wrong with them."""

    def __init__(
        self,
        ffi: Any,
        engine: TensorBackend,
        name: str,
        options: dict[str, Any],
        choice: _Choice,
    ) -> None:
        self.error: BaseException | None = None
        self.is_running = False
        self.runs: dict[int, Callable[[], None]] = {}
        self._ffi = ffi
        self._engine = engine
        self._name = name
        self._options = options
        self._choice = choice
        self._opened: dict[int, OpenedNetwork] = {}
        self._why_unusable = ""

    def open(self, model: Any, size: int, room: int, told: Any) -> int:
        if self._why_unusable:
            _refuse(self._why_unusable)
        network = self._choice.network(bytes(self._ffi.buffer(model, size)))
        session = self._session(network)
        try:
            opened = OpenedNetwork(session, network.name, room, self._ffi)
        except BaseException:
            session.close()
            raise
        handle = len(self._opened) + 1
        self._opened[handle] = opened
        self.runs[handle] = opened.run
        opened.describe(told, handle)
        return 0

    def close_one(self, handle: int) -> None:
        if handle in self._opened:
            self.runs[handle] = partial(_refuse, self._why_unusable or _CLOSED)
            self._opened[handle].session.close()

    def close(self) -> None:
        """Close all sessions. The memory of the tensors stays: the library knows its address."""
        self._why_unusable = self._why_unusable or _CLOSED
        for handle in self._opened:
            self.close_one(handle)

    def abandon(self) -> object:
        self._why_unusable = "the model was opened in another process: open it again in this one"
        opened, self._opened = self._opened, {}
        self.runs.update(dict.fromkeys(opened, partial(_refuse, self._why_unusable)))
        return opened

    def raise_error(self) -> None:
        error, self.error = self.error, None
        if error is None:
            return
        if isinstance(error, EdgeImpulseError) or not isinstance(error, Exception):
            raise error  # its own clear words, or Ctrl-C
        raise InferenceError(self._blaming("failed to run a network", error)) from error

    def _session(self, network: Network) -> TensorSession:
        try:
            return self._engine.open(network, self._options)
        except EdgeImpulseError:
            raise
        except Exception as error:  # a plugin may fail in any way
            what = self._blaming(f"failed to open {network.name}", error)
            raise BackendUnavailableError(what) from error

    def _blaming(self, what: str, error: BaseException) -> str:
        return f"the backend {self._name!r} {what}: {type(error).__name__}: {one_line(error)}"


def _callbacks(ffi: Any, networks: _Networks) -> Iterator[Any]:
    """What the library calls: open, invoke and close. An error never gets out of them."""
    runs = networks.runs

    def failed(_kind: object, error: BaseException, _traceback: object) -> None:
        networks.error = error

    def open_network(_context: Any, model: Any, size: int, room: int, told: Any) -> int:
        return networks.open(model, size, room, told)

    def invoke(_context: Any, handle: int) -> int:
        networks.is_running = True
        try:
            runs[handle]()
        finally:
            networks.is_running = False
        return 0

    def close(_context: Any, handle: int) -> None:
        networks.close_one(handle)

    made = partial(ffi.callback, onerror=failed)
    tensors = "const void *, size_t, size_t, ei_runner_opened *"
    yield made(f"int32_t(void *, {tensors})", open_network, error=_FAILED)
    yield made("int32_t(void *, intptr_t)", invoke, error=_FAILED)
    yield made("void(void *, intptr_t)", close)


def _with_kernels(backend: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with the kernels that answer as the compiled network, unless they choose some."""
    if _OPTIONS_OF_KERNELS.isdisjoint(options):
        return {**_KERNELS_OF.get(backend, {}), **options}
    return dict(options)


def _refuse(why: str) -> None:
    raise InferenceError(why)


def _engine(name: str) -> TensorBackend:
    spec = registry().backend(name)
    if spec.kind != "tensor":
        raise InvalidInputError(
            f"the backend {name!r} runs whole impulses, expected one that runs networks, such as "
            "'full-tflite'; see them with: ei-runner backends"
        )
    engine: TensorBackend = make_backend(spec)
    return engine
