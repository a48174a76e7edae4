"""What every library is compiled and linked with: hidden symbols, no dead code, no surprises."""

from __future__ import annotations

import shlex

from .parts import SHIM, Context, Part

__all__ = ["common"]

# Signal processing, which is all in headers and so in our own source, is fastest with the first;
# it also compiles sooner. Kernels, of images above all, gain from the second.
OWN_OPTIMIZATION = "-O1"
SDK_OPTIMIZATION = "-O2"


def common(context: Context) -> Part:
    """Flags that do not depend on the engine.

    No ``-ffast-math``: answers have to be the SDK's, and checks of finite values have to work. No
    fused multiply and add either, so that every processor gives the same answers.
    """
    kind, march = context.toolchain.kind, context.options.march
    return Part(
        defines=(
            "-DNDEBUG",
            "-DSILENCE_EI_CLASSFIER_OBJECT_DETECTION_COUNT_WARNING=1",
        ),
        includes=(
            *_sdk_elsewhere(context),
            "-I.",
            "-Isource",
            "-Imodel-parameters",
            "-Itflite-model",
            "-Ithird_party/",
            "-Iutils/",
        ),
        own_flags=(
            OWN_OPTIMIZATION,
            f"-DEI_RUNNER_HAS_IMPULSE={int(context.export.has_impulse)}",
            *(("-DEI_RUNNER_STATIC_RUNTIME=1",) if _brings_runtime(context) else ()),
        ),
        sdk_flags=(SDK_OPTIMIZATION,),
        common_flags=(
            *((f"-march={march}",) if march else ()),
            "-ffp-contract=off",
            "-fPIC",
            "-fvisibility=hidden",
            "-ffunction-sections",
            "-fdata-sections",
            f"-ffile-prefix-map={SHIM}=shim",
            *(("-fno-sanitize=undefined",) if kind == "zig" else ()),
            "-w",
            *shlex.split(context.options.cflags or ""),
        ),
        c_flags=("-std=gnu11",),
        cxx_flags=(
            "-std=c++17",
            "-fvisibility-inlines-hidden",
            *(("-fno-gnu-unique",) if kind == "gcc" else ()),
            *shlex.split(context.options.cxxflags or ""),
        ),
        extra=(str(SHIM / "unloading.cpp"),) if kind == "zig" and not context.target.is_mac else (),
        link=_mac_link() if context.target.is_mac else _linux_link(context),
    )


def _sdk_elsewhere(context: Context) -> tuple[str, ...]:
    """The folder above an SDK that does not lie in the export; it must win over one that does."""
    export = context.export
    inside = export.sdk == export.root / "edge-impulse-sdk"
    return () if inside else (f"-I{export.sdk.parent}",)


def _brings_runtime(context: Context) -> bool:
    """Whether GCC's C++ runtime becomes a part of the library."""
    return context.toolchain.static_runtime and not context.target.is_mac


def _linux_link(context: Context) -> tuple[str, ...]:
    runtime = ("-static-libstdc++", "-static-libgcc") if _brings_runtime(context) else ()
    return (
        "-shared",
        f"-Wl,--version-script={SHIM / 'exports.map'}",
        "-Wl,--gc-sections",
        "-Wl,--no-undefined",
        "-s",
        *runtime,
        "-lm",
        "-pthread",
    )


def _mac_link() -> tuple[str, ...]:
    return (
        "-dynamiclib",
        # Without a name of its own the library would carry the path that it was built at.
        "-Wl,-install_name,@rpath/libei_runner_model.dylib",
        f"-Wl,-exported_symbols_list,{SHIM / 'exports.txt'}",
        "-Wl,-dead_strip",
        "-Wl,-x",
    )
