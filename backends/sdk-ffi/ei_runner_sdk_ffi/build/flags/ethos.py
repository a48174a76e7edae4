"""Arm's Ethos-U behind a Linux kernel driver."""

from __future__ import annotations

from .parts import Context, Need, Part

__all__ = ["ethos"]

_DRIVER = "edge-impulse-sdk/porting/ethos-u-driver-stack-imx/driver_library/src/ethosu.cpp"


def ethos(context: Context) -> Part | None:
    """The driver's headers, and the one source of it that every such library has."""
    if not context.options.use_ethos:
        return None
    third_party = f"{context.sdk}/third_party"
    driver = context.export.path(_DRIVER)
    return Part(
        defines=("-DEI_ETHOS_LINUX",),
        includes=(
            f"-I{third_party}/ethos_kernel_driver/include/",
            f"-I{third_party}/ethos_driver_library/include",
        ),
        extra=(_DRIVER,),
        link=("-lrt",),
        needs=(Need(driver, "the Ethos-U driver, for USE_ETHOS; exports for Ethos-U bring it"),),
    )
