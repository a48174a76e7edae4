"""The backend: what ei-runner makes and asks to open networks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from ei_runner_core import (
    Network,
    Support,
    TensorBackend,
    TensorSession,
    UnsupportedModelError,
)

from .formats import check_formats
from .options import HtpOptions
from .sdk import SDK_VARIABLE

__all__ = ["QnnBackend"]

_ONNX, _TFLITE = ".onnx", ".tflite"
_EXTRA = "ei-runner-qnn[delegate]"
_NO_DELEGATE = (
    f"needs the TFLite delegate of Qualcomm's SDK for {_TFLITE} files: set {SDK_VARIABLE} to the "
    "folder of the SDK, or name libQnnTFLiteDelegate.so in the option 'delegate'"
)
_OTHER = f"without an SDK pass the {_ONNX} form of the network"


class QnnBackend(TensorBackend):
    """Runs ``.onnx`` networks with ONNX Runtime's QNN, and ``.tflite`` ones with the delegate."""

    def supports(self, network: Network) -> Support:
        """Whether the file is of the right format, and for ``.tflite`` whether LiteRT is there.

        Whether the rest is there depends on the options, and is seen to by :meth:`open`.
        """
        if network.format == _TFLITE and find_spec("ei_runner_full_tflite") is None:
            return Support(ok=False, reason=f"it {_NO_DELEGATE} (pip install {_EXTRA!r}); {_OTHER}")
        if network.format in (_ONNX, _TFLITE):
            return Support(ok=True)
        reason = f"it runs {_ONNX} and {_TFLITE} files, not {network.format}"
        return Support(ok=False, reason=reason)

    def open(self, network: Network, options: Mapping[str, Any]) -> TensorSession:
        """Load a network and make ready to run.

        Args:
            network: an ``.onnx`` file, or a ``.tflite`` one where Qualcomm's SDK is; on disk or in
                memory.
            options: those of :class:`HtpOptions` for ``.onnx``, those of :class:`DelegateOptions`
                for ``.tflite``.

        Raises:
            BackendUnavailableError: what runs networks of this format is missing, broken or of a
                wrong version.
            ModelNotFoundError: the file cannot be read.
            ModelFormatError: it is damaged.
            UnsupportedModelError: QNN does not take all of it and the CPU may not, it has dynamic
                shapes, or it is a ``.tflite`` file and there is no delegate.
            InvalidInputError: an option is unknown, has a wrong value or does not suit the network.
            DeadlineError: another process is compiling the same network, and does not finish.
        """
        check_formats(options, network.format)
        if network.format == _TFLITE:
            return _open_tflite(network, options)
        from .htp import open_htp

        return open_htp(network, HtpOptions.parse(options))


def _open_tflite(network: Network, options: Mapping[str, Any]) -> TensorSession:
    if options.get("delegate") is None and not os.environ.get(SDK_VARIABLE):
        raise UnsupportedModelError(f"qnn cannot run {network.name}: it {_NO_DELEGATE}; {_OTHER}")
    from .delegate import open_with_delegate
    from .delegate_options import DelegateOptions

    return open_with_delegate(network, DelegateOptions.parse(options))
