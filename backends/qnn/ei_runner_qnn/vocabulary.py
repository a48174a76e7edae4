"""The options of Qualcomm's TFLite delegate, by the names that it knows.

The delegate takes text, and numbers in it where a person would write a name. What it does not
understand ends the process, or counts as 0, so nothing gets there that has not been read here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

__all__ = ["BACKEND_TYPES", "VOCABULARY", "applies"]

BACKEND_TYPES = ("htp", "gpu", "dsp")

Reader = Callable[[object], str]

_MOST_DEVICES = 255
_DSP_MODES = (
    "default",
    "sustained_high_performance",
    "burst",
    "high_performance",
    "power_saver",
    "low_power_saver",
    "high_power_saver",
    "low_balanced",
    "balanced",
)


def applies(name: str, backend_type: str) -> bool:
    """Whether an option of the delegate is for this backend, or for all."""
    prefix = name.partition("_")[0]
    return prefix == backend_type or prefix not in BACKEND_TYPES


def _numbered(*names: str) -> Reader:
    """Names that stand for the numbers from 0; the numbers themselves may be given too."""
    numbers = {name: str(number) for number, name in enumerate(names)}

    def read(value: object) -> str:
        text = str(value)
        if isinstance(value, bool) or (text not in numbers and text not in numbers.values()):
            raise ValueError(f"{', '.join(names)}, or a number from 0 to {len(names) - 1}")
        return numbers.get(text, text)

    return read


def _words(*words: str) -> Reader:
    def read(value: object) -> str:
        if value not in words:
            raise ValueError(" or ".join(map(repr, words)))
        return str(value)

    return read


def _flag(value: object) -> str:
    text = str(value).lower()
    if text not in ("true", "false"):
        raise ValueError("true or false")
    return text


def _device(value: object) -> str:
    if isinstance(value, bool) or str(value) not in map(str, range(_MOST_DEVICES + 1)):
        raise ValueError(f"a number from 0 to {_MOST_DEVICES}")
    return str(value)


def _token(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[\w.-]{1,100}", value, re.ASCII):
        raise ValueError("a name of at most 100 letters, digits, '_', '-' and '.'")
    return value


def _file(value: object) -> str:
    return str(_existing(value, "file", Path.is_file))


def _folder(value: object) -> str:
    return str(_existing(value, "folder", Path.is_dir))


def _existing(value: object, kind: str, is_kind: Callable[[Path], bool]) -> Path:
    expected = f"the path of a {kind} that is there"
    if not isinstance(value, (str, Path)) or not str(value):
        raise ValueError(expected)
    try:
        path = Path(value).expanduser().absolute()
        is_there = is_kind(path)
    except (OSError, RuntimeError, ValueError):  # too long, an unknown user, no text
        is_there = False
    if not is_there:
        raise ValueError(expected)
    return path


VOCABULARY: dict[str, Reader] = {
    "library_path": _file,
    "skel_library_dir": _folder,
    "log_level": _numbered("off", "error", "warn", "info", "verbose", "debug"),
    "cache_dir": _folder,
    "model_token": _token,
    "htp_performance_mode": _numbered(*_DSP_MODES, "extreme_power_saver"),
    "htp_precision": _numbered("quantized", "float16"),
    "htp_optimization_strategy": _numbered("inference", "prepare", "inference_o3"),
    "htp_perf_ctrl_strategy": _numbered("manual", "auto"),
    "htp_pd_session": _words("unsigned", "signed"),
    "htp_use_conv_hmx": _flag,
    "htp_use_fold_relu": _flag,
    "htp_device_id": _device,
    "gpu_precision": _numbered("as_the_network", "float32", "float16", "hybrid"),
    "gpu_performance_mode": _numbered("default", "high", "normal", "low"),
    "gpu_kernel_repo_dir": _folder,
    "dsp_performance_mode": _numbered(*_DSP_MODES),
    "dsp_perf_ctrl_strategy": _numbered("manual", "auto"),
    "dsp_pd_session": _words("unsigned", "signed", "adaptive"),
}
"""A reader for each option: it gives the text for the delegate, or raises ValueError with what it
expects."""
