"""Uploading samples into projects of Edge Impulse: nothing lost, nothing doubled."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._http.hosts import Hosts
    from .._http.retries import Retries
    from ..contract import UNLABELED, Label, LabeledBox, LabelSpan, Receipt, Sample
    from .acquisition import AcquisitionDocument
    from .arrays import sample_from_array
    from .client import Client
    from .media import sample_from_audio, sample_from_image
    from .signing import sign, verify
    from .uploads import UploadReport, upload_all

__all__ = [
    "UNLABELED",
    "AcquisitionDocument",
    "Client",
    "Hosts",
    "Label",
    "LabelSpan",
    "LabeledBox",
    "Receipt",
    "Retries",
    "Sample",
    "UploadReport",
    "sample_from_array",
    "sample_from_audio",
    "sample_from_image",
    "sign",
    "upload_all",
    "verify",
]

# What they need is too much for commands that only print.
_HOMES = {
    "AcquisitionDocument": ".acquisition",
    "Client": ".client",
    "Hosts": ".._http.hosts",
    "Label": "..contract",
    "LabelSpan": "..contract",
    "LabeledBox": "..contract",
    "Receipt": "..contract",
    "Retries": ".._http.retries",
    "Sample": "..contract",
    "UNLABELED": "..contract",
    "UploadReport": ".uploads",
    "sample_from_array": ".arrays",
    "sample_from_audio": ".media",
    "sample_from_image": ".media",
    "sign": ".signing",
    "upload_all": ".uploads",
    "verify": ".signing",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
