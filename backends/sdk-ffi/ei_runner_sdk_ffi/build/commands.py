"""The commands of one build, and what makes their results differ from others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .contents import Contents
from .fingerprint import digest_text
from .flags.parts import SHIM
from .objects import Digests
from .omissions import omissions
from .plan import BuildPlan

__all__ = ["Commands"]

_FORMAT = "1"  # goes up when the same flags lead to other objects
_OWN_FOLDERS = ("model-parameters/", "tflite-model/")


class Commands:
    """Commands of the compiler, and the keys under which their results are kept.

    ``always`` are the sources whose objects are linked in any case.
    """

    def __init__(self, plan: BuildPlan, contents: Contents) -> None:
        root = plan.export.root
        self._plan = plan
        self._contents = contents
        self.always = (*plan.own, *plan.model, *plan.extra)
        self._places = {".": root, "edge-impulse-sdk": plan.export.sdk, "<shim>": SHIM}
        self._depend_on_model = frozenset((*plan.own, *plan.model))

    @property
    def content(self) -> str:
        """The digest of the export, whatever the flags."""
        return self._contents.digest

    def digests(self) -> Digests:
        """The digests of what compilers read."""
        return Digests(self._places, self._contents.files)

    def compile(self, source: Path, target: Path) -> tuple[str, ...]:
        """The command that compiles a source; it writes a list of headers beside the target."""
        return self._compile(source, target, omissions(self._plan, source))

    def compile_whole(self, source: Path, target: Path) -> tuple[str, ...] | None:
        """The command for a source that needs all its headers; None where that is the same one."""
        return self._compile(source, target, ()) if omissions(self._plan, source) else None

    def link(self, objects: Sequence[Path], target: Path) -> tuple[str, ...]:
        """The command that links a library."""
        plan = self._plan
        return (*plan.toolchain.cxx, "-o", str(target), *map(str, objects), *plan.link)

    def key(self, source: Path, digests: Digests) -> str:
        """What an object depends on, but for its headers."""
        name = digests.portable(self._plan.export.root / source)
        own = self._model_digest() if source in self._depend_on_model else ""
        given = (*self._flags(source), *omissions(self._plan, source))
        flags = map(self._portable, (self._compiler(source)[-1], *given))
        identity = self._plan.toolchain.identity
        return digest_text(_FORMAT, identity, name, digests.of(name), own, *flags)

    def library_key(self) -> str:
        """What the library depends on."""
        plan = self._plan
        names = map(str, (*self.always, None, *plan.candidates, None, *plan.libraries))
        flags = (*plan.toolchain.cxx, *self._flags(Path("x.cpp")), *plan.c_flags, *plan.link)
        given = (*SHIM.rglob("*"), *self.always, *(n.path for n in plan.needs), *plan.libraries)
        return digest_text(
            _FORMAT,
            plan.toolchain.identity,
            self._contents.digest,
            _stamp(sorted(path for path in given if path.is_absolute())),
            plan.network,
            *map(self._portable, flags),
            *map(self._portable, names),
        )

    def _compile(self, source: Path, target: Path, omitted: tuple[str, ...]) -> tuple[str, ...]:
        depfile = str(target.with_suffix(".d"))
        files = ("-MMD", "-MF", depfile, "-c", _argument(source), "-o", str(target))
        return (*self._compiler(source), *self._flags(source), *omitted, *files)

    def _compiler(self, source: Path) -> tuple[str, ...]:
        return self._plan.toolchain.c if source.suffix == ".c" else self._plan.toolchain.cxx

    def _flags(self, source: Path) -> tuple[str, ...]:
        plan = self._plan
        of_language = plan.c_flags if source.suffix == ".c" else plan.cxx_flags
        prefix = f"-ffile-prefix-map={plan.export.root}/="
        of_origin = plan.own_flags if source in plan.own else plan.sdk_flags
        common = (*of_origin, *plan.common_flags)
        return (prefix, *common, *of_language, *plan.defines, *plan.includes)

    def _portable(self, flag: str) -> str:
        for short, folder in self._places.items():
            flag = flag.replace(str(folder), short)
        return flag.replace(str(self._plan.export.sdk.parent), "<sdk alone>")

    def _model_digest(self) -> str:
        """Of everything that is the model's own; INCBIN appears in no list of headers."""
        files = self._contents.files
        own = sorted(name for name in files if name.startswith(_OWN_FOLDERS))
        return digest_text(*(part for name in own for part in (name, files[name])))


def _argument(source: Path) -> str:
    """A source as an argument, which no compiler takes for an option."""
    text = str(source)
    return f"./{text}" if text.startswith("-") else text


def _stamp(paths: Sequence[Path]) -> str:
    """Changes whenever one of the files is written to, or one comes or goes."""
    return digest_text(*map(_stamp_of, paths))


def _stamp_of(path: Path) -> str:
    try:
        stamp = path.stat()
    except OSError:
        return f"{path} is not there"
    return f"{path} {stamp.st_size} {stamp.st_mtime_ns}"
