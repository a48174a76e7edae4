"""The contract between the core and its plugins.

A plugin describes itself with a *spec*: a small record that names the heavy class by a string, so
that listing plugins imports nothing. The class behind it is one of two kinds of backend:

* a :class:`TensorBackend` runs networks only; the core does the signal processing before and the
  post-processing behind it,
* an :class:`ImpulseBackend` runs whole impulses, from the raw window to the result.

Both open in one step and then run many times: ``open`` does all choosing, parsing, allocation and
warm-up, the session that it returns does only the work.
"""

from __future__ import annotations

from .backends import ImpulseBackend, ImpulseSession, Session, TensorBackend, TensorSession
from .models import ModelSource, Network, Support, TensorSpec
from .preprocessors import BlockContext, Preprocessor
from .specs import API_VERSION, BackendSpec, PreprocessorSpec, UploaderSpec
from .uploaders import (
    UNLABELED,
    Label,
    LabeledBox,
    LabelSpan,
    Receipt,
    Sample,
    Unlabeled,
    Uploader,
)

__all__ = [
    "API_VERSION",
    "UNLABELED",
    "BackendSpec",
    "BlockContext",
    "ImpulseBackend",
    "ImpulseSession",
    "Label",
    "LabelSpan",
    "LabeledBox",
    "ModelSource",
    "Network",
    "Preprocessor",
    "PreprocessorSpec",
    "Receipt",
    "Sample",
    "Session",
    "Support",
    "TensorBackend",
    "TensorSession",
    "TensorSpec",
    "Unlabeled",
    "Uploader",
    "UploaderSpec",
]
