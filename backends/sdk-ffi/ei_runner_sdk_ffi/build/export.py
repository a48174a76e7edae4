"""Where an export begins, where its SDK is, and the few facts that a build depends on."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from ei_runner_core import BuildError, ModelFormatError, ModelNotFoundError

from .cache import Cache
from .fingerprint import Stamps, digest_text, scan
from .unpacking import MARK, unpack

__all__ = ["SDK", "Export", "check_unchanged", "read_export", "read_stamps"]

SDK = "edge-impulse-sdk"
_PARTS = (
    "classifier/ei_run_classifier.h",
    "porting/ei_classifier_porting.h",
    "dsp/numpy.hpp",
)
_OWN_FOLDERS = ("model-parameters", "tflite-model")
_WITHOUT_EXPORTS = {SDK, "node_modules", "__MACOSX", *_OWN_FOLDERS}
_MAX_DEPTH = 4
_MAX_FOLDERS = 500
_MAX_HEADER = 1 << 20  # bytes; only what stands before long arrays matters

_DEFINITION = r"^[ \t]*#[ \t]*define[ \t]+{}[ \t]+\(?(\w+)"
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.MULTILINE)
_INCBIN = re.compile(r'\bINCBIN\s*\([^"]*"([^"]+)"')
_BYTES = re.compile(r"\bunsigned\s+char\b[^=;]*=\s*\{([^}]{0,400})")
_FLATBUFFER = b"TFL3"
_NETWORK_AS_DSP = "extract_tflite_features"
_QUANTIZED = ("EI_CLASSIFIER_QUANTIZATION_ENABLED", "EI_CLASSIFIER_TFLITE_INPUT_QUANTIZED")


@dataclass(frozen=True)
class Export:
    """A C++ export on disk. Nothing of it was read but the headers with its facts.

    ``files`` are the paths below ``root``, sorted, with slashes; those of the SDK begin with
    ``edge-impulse-sdk/``, wherever it is. ``sdk`` is always a folder of that name. ``has_impulse``:
    whether the headers have an ``ei_default_impulse``, as they do since the autumn of 2022.
    ``quantizes_for_micro``: whether its SDK can turn windows into integers as it does for Micro.
    """

    given: Path
    root: Path
    sdk: Path
    layout: str
    studio_version: str
    engine: str
    is_eon: bool
    has_flatbuffer: bool
    files: tuple[str, ...]
    stamps: Stamps = field(compare=False, repr=False)
    has_impulse: bool = True
    quantizes_for_micro: bool = False

    @property
    def folders(self) -> dict[str, Path]:
        """Where its parts are, by the folder that ``files`` begin with."""
        return _places(self.root, self.sdk)

    def path(self, name: str) -> Path:
        """Where one of ``files`` is."""
        below = name.removeprefix(f"{SDK}/")
        return self.root / name if below == name else self.sdk / below


def read_export(path: Path, *, sdk: Path | None, cache: Cache) -> Export:
    """Find the export in a folder or zip, and its SDK.

    Args:
        path: the folder or zip that the user named.
        sdk: an ``edge-impulse-sdk`` folder to take in place of the one in the export.
        cache: where zips are unpacked to.

    Raises:
        ModelNotFoundError: there is nothing at the path.
        ModelFormatError: there is no export in it, or several; or the zip is not safe to unpack.
        BuildError: the SDK is missing or incomplete.
    """
    given = path.absolute()
    if not given.exists():
        raise ModelNotFoundError(f"there is no export at {path}")
    root = _find_root(given if given.is_dir() else unpack(given, cache), path)
    found = _find_sdk(root, sdk, cache)
    stamps = _stamps(root, found)
    facts = _Headers(root)
    return Export(
        given=given,
        root=root,
        sdk=found,
        layout="arduino" if _is_arduino(root) else "library",
        studio_version=facts.studio_version(),
        engine=facts.engine(),
        is_eon=facts.is_eon(),
        has_flatbuffer=not facts.is_eon() and facts.has_flatbuffer(),
        files=tuple(sorted(stamps.files)),
        stamps=stamps,
        has_impulse=facts.has_impulse(),
        quantizes_for_micro=facts.quantizes_for_micro(),
    )


def read_stamps(export: Export) -> Stamps:
    """The stamps of its files as they are now.

    Raises:
        BuildError: a folder of it cannot be listed any more.
    """
    return _stamps(export.root, export.sdk)


def check_unchanged(export: Export) -> None:
    """See that its files are what they were when they were looked at.

    Raises:
        BuildError: somebody has written to one: what was compiled may be of the old or the new.
    """
    if read_stamps(export) != export.stamps:
        raise BuildError(f"{export.given} was changed while it was compiled: build it again")


def _stamps(root: Path, sdk: Path) -> Stamps:
    return scan(_places(root, sdk))


def _places(root: Path, sdk: Path) -> dict[str, Path]:
    own = {name: root / name for name in _OWN_FOLDERS if (root / name).is_dir()}
    return own | {SDK: sdk}


def _is_arduino(root: Path) -> bool:
    return root.name == "src" or (root.parent / "library.properties").is_file()


def _find_root(folder: Path, given: Path) -> Path:
    found = _nearest(folder)
    if not found:
        raise ModelFormatError(
            f"{given} holds no {MARK}; name the folder or zip of a C++ library export"
        )
    if len(found) > 1:
        shown = ", ".join(str(root.relative_to(folder)) for root in found[:5])
        raise ModelFormatError(f"{given} holds {len(found)} exports ({shown}); name one of them")
    return found[0]


def _nearest(folder: Path) -> list[Path]:
    """The folders nearest to the top in which an export begins."""
    level, seen = [folder], 0
    for _ in range(_MAX_DEPTH + 1):
        if found := [parent for parent in level if (parent / MARK).is_file()]:
            return found
        seen += len(level)
        if seen > _MAX_FOLDERS:
            break
        level = [child for parent in level for child in _folders(parent)]
    return []


def _folders(parent: Path) -> list[Path]:
    try:
        with os.scandir(parent) as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []  # a folder that may not be listed holds nothing for us
    return [parent / n for n in names if n not in _WITHOUT_EXPORTS and not n.startswith(".")]


def _find_sdk(root: Path, option: Path | None, cache: Cache) -> Path:
    if option is None or option.expanduser().absolute() == root / SDK:
        sdk = root / SDK
        if not sdk.is_dir():
            raise BuildError(
                f"{root} holds no {SDK}; name the one of the same version with the option sdk="
            )
    else:
        sdk = _named_sdk(option.expanduser().absolute(), cache)
    missing = [part for part in _PARTS if not (sdk / part).is_file()]
    if missing:
        raise BuildError(
            f"the SDK {sdk} is incomplete: there is no {', no '.join(missing)}; export again, or "
            "name a complete one of the same version with the option sdk="
        )
    return sdk


def _named_sdk(option: Path, cache: Cache) -> Path:
    """The SDK that the user named, under the name by which its files include each other."""
    if os.path.isdir(option / SDK):  # noqa: PTH112 - says no to names that are too long, too
        option = option / SDK
    if not os.path.isdir(option):  # noqa: PTH112
        raise BuildError(f"there is no folder at sdk={option}; name an {SDK} folder")
    if option.name == SDK and not any((option.parent / name).exists() for name in _OWN_FOLDERS):
        return option
    return _link_to(option, cache)


def _link_to(sdk: Path, cache: Cache) -> Path:
    """A link below a folder with nothing else: compilers look for headers of the model there."""
    link = cache.folder(cache.exports / f"sdk-{digest_text(str(sdk))}") / SDK
    if not link.exists():
        with cache.writing():
            link.unlink(missing_ok=True)
            link.symlink_to(sdk, target_is_directory=True)
    return link


class _Headers:
    """Facts of an export by small patterns on its headers, however they were edited."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._metadata = _read(root / MARK)

    def studio_version(self) -> str:
        """Such as 1.75.3; empty before 2024."""
        names = (f"EI_STUDIO_VERSION_{part}" for part in ("MAJOR", "MINOR", "PATCH"))
        numbers = [self._value(name) for name in names]
        return ".".join(numbers) if all(numbers) else ""

    def engine(self) -> str:
        """What the export is made for, before flags redefine it."""
        value = self._value("EI_CLASSIFIER_INFERENCING_ENGINE")
        return value.removeprefix("EI_CLASSIFIER_") or "NONE"

    def is_eon(self) -> bool:
        """Whether the network is C++ code."""
        return self._value("EI_CLASSIFIER_COMPILED") == "1"

    def has_impulse(self) -> bool:
        """Whether the model is an impulse among possible others."""
        return "ei_default_impulse" in _read(self._root / "model-parameters/model_variables.h")

    def quantizes_for_micro(self) -> bool:
        """Whether the network is quantised and the SDK can be compiled for Micro with it.

        Networks in the signal processing are left out: in spring 2023 Micro does not tell them
        from the one behind it.
        """
        return "1" in map(self._value, _QUANTIZED) and not (
            self._value("EI_CLASSIFIER_TFLITE_LARGEST_ARENA_SIZE") == "0"
            or self._is_ssd()
            or _NETWORK_AS_DSP in _read(self._root / "model-parameters/model_variables.h")
        )

    def _is_ssd(self) -> bool:
        """Whether it detects objects as the first such models did, for which Micro needs a flag."""
        last_layer = self._value("EI_CLASSIFIER_OBJECT_DETECTION_LAST_LAYER")
        is_fomo = self._value("EI_CLASSIFIER_OBJECT_DETECTION_CONSTRAINED") == "1"
        return self._value("EI_CLASSIFIER_OBJECT_DETECTION") == "1" and (
            last_layer.endswith("_SSD") or not (last_layer or is_fomo)
        )

    def has_flatbuffer(self) -> bool:
        """Whether the network is a model of TensorFlow Lite that the headers bring in."""
        return any(self._brings_flatbuffer(_read(path, 1 << 16)) for path in self._model_headers())

    def _value(self, name: str) -> str:
        found = re.search(_DEFINITION.format(name), self._metadata, re.MULTILINE)
        return found[1] if found else ""

    def _model_headers(self) -> list[Path]:
        """Those of tflite-model that the export includes; before 2022 the SDK includes the one."""
        own = self._root / "model-parameters"
        names = _INCLUDE.findall(_read(own / "model_variables.h"))
        for name in [name for name in names if "/" not in name]:
            names += _INCLUDE.findall(_read(own / name))
        models = [name for name in dict.fromkeys(names) if name.startswith("tflite-model/")]
        return [self._root / name for name in models or ["tflite-model/tflite-trained.h"]]

    def _brings_flatbuffer(self, text: str) -> bool:
        if found := _INCBIN.search(text):
            return _head(self._root / found[1])[4:8] == _FLATBUFFER
        return any(_first_bytes(body)[4:8] == _FLATBUFFER for body in _BYTES.findall(text))


def _read(path: Path, limit: int = _MAX_HEADER) -> str:
    """The text at the start of a header; empty if there is none."""
    try:
        with path.open("rb") as file:
            return file.read(limit).decode("utf-8", "replace")
    except OSError:
        return ""


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(8)
    except OSError:
        return b""


def _first_bytes(body: str) -> bytes:
    numbers = re.findall(r"0[xX][0-9a-fA-F]+|\d+", body)[:8]
    return bytes(int(number, 0) & 0xFF for number in numbers)
