"""Every error that ei-runner raises on purpose.

All of them derive from :class:`EdgeImpulseError`, so one ``except`` catches them all. Each leaf
also derives from the builtin exception that a Python programmer would expect::

    EdgeImpulseError
    ├── ModelNotFoundError       (FileNotFoundError)  there is no model where we looked
    ├── ModelFormatError         (ValueError)         the model is damaged or contradicts itself
    ├── UnsupportedModelError                         a sound model that asks for what is not there
    ├── BackendNotFoundError     (LookupError)        no backend of that name, or none that fits
    ├── BackendUnavailableError  (ImportError)        a backend that is listed but cannot be used
    ├── InvalidInputError        (ValueError)         what was handed in is wrong
    ├── InferenceError           (RuntimeError)       the engine failed while it was working
    ├── DeadlineError            (TimeoutError)       something took longer than it may
    ├── ProcessDiedError                              a model's process ended
    ├── BuildError                                    a model could not be compiled
    ├── StudioError                                   Edge Impulse Studio refused or failed
    ├── IngestionError                                a sample could not be uploaded
    └── PluginError                                   a plugin breaks the rules of the contract

A message names the value, what was expected and what to do next.
"""

from __future__ import annotations

__all__ = [
    "BackendNotFoundError",
    "BackendUnavailableError",
    "BuildError",
    "DeadlineError",
    "EdgeImpulseError",
    "InferenceError",
    "IngestionError",
    "InvalidInputError",
    "ModelFormatError",
    "ModelNotFoundError",
    "PluginError",
    "ProcessDiedError",
    "StudioError",
    "UnsupportedModelError",
]


class EdgeImpulseError(Exception):
    """The root of all errors of this library."""


class ModelNotFoundError(EdgeImpulseError, FileNotFoundError):
    """There is no model where it was looked for."""


class ModelFormatError(EdgeImpulseError, ValueError):
    """A model file is damaged, of an unknown version, or contradicts itself."""


class UnsupportedModelError(EdgeImpulseError):
    """The model is sound, but asks for something that is not available here."""


class BackendNotFoundError(EdgeImpulseError, LookupError):
    """No backend has that name, or none of the installed ones opens the model."""


class BackendUnavailableError(EdgeImpulseError, ImportError):
    """A backend is known but cannot be used: not installed, broken or for another platform."""


class InvalidInputError(EdgeImpulseError, ValueError):
    """An argument has the wrong length, shape, dtype or value."""


class InferenceError(EdgeImpulseError, RuntimeError):
    """The engine failed during an inference, or the model can no longer be used."""


class DeadlineError(EdgeImpulseError, TimeoutError):
    """Something did not finish before its deadline."""


class ProcessDiedError(EdgeImpulseError):
    """The process that ran a model ended."""


class BuildError(EdgeImpulseError):
    """A model could not be compiled."""


class StudioError(EdgeImpulseError):
    """Edge Impulse Studio refused a request or failed."""


class IngestionError(EdgeImpulseError):
    """A sample could not be uploaded."""


class PluginError(EdgeImpulseError):
    """A plugin does not keep to the contract, or two plugins contradict each other."""
