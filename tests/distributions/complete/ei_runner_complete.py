"""One plugin of every kind, as small as a stranger would write it."""

from ei_runner_core import (
    BackendSpec,
    PreprocessorSpec,
    UploaderSpec,
    hookimpl,
)


@hookimpl
def ei_runner_backends():
    yield BackendSpec(
        "linear", "tensor", "ei_runner_linear:LinearBackend", (".linear",), summary="a linear layer"
    )
    yield BackendSpec(
        "louder",
        "impulse",
        "ei_runner_louder:LouderBackend",
        (".louder",),
        summary="how loud it is",
    )


@hookimpl
def ei_runner_preprocessors():
    return PreprocessorSpec("peak", "ei_runner_peak:Peak", summary="the largest value of each axis")


@hookimpl
def ei_runner_uploaders():
    return UploaderSpec("drawer", "ei_runner_drawer:Drawer", summary="a local folder")
