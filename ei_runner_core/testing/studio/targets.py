"""The deployment targets that a project can be built for."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

__all__ = ["LocalTarget", "default_targets"]

_EON = ("tflite-eon", "tflite-eon-ram-optimized", "tflite")
_TFLITE = ("tflite",)


class LocalTarget(Struct, frozen=True, kw_only=True):
    """One target. The first engine is the preferred one."""

    format: str
    name: str
    engines: tuple[str, ...] = _TFLITE
    variants: tuple[str, ...] = ("float32", "int8")
    section: str = "library"
    disabled_because: str | None = None

    def document(self) -> dict[str, Any]:
        """As Studio tells it."""
        return {
            "name": self.name,
            "description": self.name,
            "image": "",
            "imageClasses": "",
            "format": self.format,
            "hasEonCompiler": "tflite-eon" in self.engines,
            "hasTensorRT": "tensorrt" in self.engines,
            "hasTensaiFlow": False,
            "hasDRPAI": "drp-ai" in self.engines,
            "hasTIDL": "tidl" in self.engines,
            "hasAkida": "akida" in self.engines,
            "hasMemryx": False,
            "hasStAton": False,
            "hasCevaNpn": False,
            "hasNordicAxon": False,
            "hasQaic": False,
            "hideOptimizations": False,
            "uiSection": self.section,
            "supportedEngines": self.engines,
            "preferredEngine": self.engines[0],
            "docsUrl": "",
            "modelVariants": [
                {"variant": name, "supported": name in self.variants}
                for name in ("float32", "int8", "akida")
            ],
            "parameters": [],
        }

    def project_document(self, recommended: str) -> dict[str, Any]:
        """As Studio tells it of one project."""
        reason = self.disabled_because
        told = {
            "recommendedForProject": self.format == recommended,
            "disabledForProject": reason is not None,
        }
        return self.document() | told | ({"reasonTargetDisabled": reason} if reason else {})


def _runner(name: str, title: str, *engines: str, **more: Any) -> LocalTarget:
    return LocalTarget(
        format=f"runner-{name}", name=title, engines=engines or _TFLITE, section="firmware", **more
    )


def default_targets() -> list[LocalTarget]:
    """Some of those that every project has."""
    return [
        LocalTarget(format="zip", name="C++ library", engines=_EON),
        LocalTarget(format="arduino", name="Arduino library", engines=_EON),
        LocalTarget(format="wasm", name="WebAssembly", section="mobile"),
        _runner("linux-x86_64", "Linux (x86_64)"),
        _runner("linux-armv7", "Linux (ARMv7)"),
        _runner("linux-aarch64", "Linux (AARCH64)"),
        _runner("linux-aarch64-qnn", "Linux (AARCH64 with Qualcomm QNN)", variants=("int8",)),
        _runner("linux-aarch64-gpu", "Linux (AARCH64 with GPU)"),
        _runner("linux-aarch64-akd1000", "BrainChip AKD1000", "akida", variants=("akida",)),
        _runner("linux-aarch64-rzv2l", "Renesas RZ/V2L", "drp-ai", "tflite"),
        _runner("linux-aarch64-jetson-nano", "NVIDIA Jetson Nano", "tensorrt", "tflite"),
        _runner("linux-aarch64-jetson-orin", "NVIDIA Jetson Orin", "tensorrt", "tflite"),
        _runner("linux-aarch64-jetson-orin-6-0", "NVIDIA Jetson Orin (6.0)", "tensorrt", "tflite"),
        _runner("linux-aarch64-tda4vm", "TI TDA4VM", "tidl", "tflite"),
        _runner("mac-x86_64", "macOS (x86_64)"),
        _runner("mac-arm64", "macOS (ARM)"),
    ]
