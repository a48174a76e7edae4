"""Compiling by need: every object tells what the next ones have to define."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ei_runner_core import BuildError

from .cache import Cache
from .commands import Commands
from .compiling import Compilers, Ended
from .diagnosis import Failure
from .export import check_unchanged
from .fingerprint import digest_text
from .index import Index, identifiers, including, is_of_the_runtime, make_index, mentioning
from .objects import Compiled, ObjectCache, take
from .progress import Progress
from .promises import promised
from .resolution import Resolution, resolve
from .symbols import ObjectError, Symbols

if TYPE_CHECKING:
    from .plan import BuildPlan

__all__ = ["FailedError", "Making"]

_LINK = "link"
_NOTHING = Symbols(frozenset(), frozenset())


class FailedError(Exception):
    """A command failed that the build cannot do without."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.output)
        self.failure = failure


class Making:
    """One build while it is under way. ``compiled`` counts the sources that were compiled."""

    def __init__(
        self,
        plan: BuildPlan,
        commands: Commands,
        cache: Cache,
        compilers: Compilers,
        progress: Progress,
        folder: Path,
        *,
        reuse: bool = True,
    ) -> None:
        self.compiled = 0
        self._plan = plan
        self._commands = commands
        self._cache = cache
        self._compilers = compilers
        self._progress = progress
        self._log: list[str] = []
        self._folder = folder
        self._sources = (*commands.always, *plan.candidates)
        self._digests = commands.digests()
        self._objects = ObjectCache(cache, self._digests, reuse=reuse)
        self._found: dict[int, Compiled | None] = {}
        self._pending: set[int] = set()
        self._whole: set[int] = set()  # those that did not compile without all their headers
        self._failures: list[Failure] = []
        self._kept_index: Index | None = None

    def make(self, library: Path) -> None:
        """Compile what is needed and link it.

        Raises:
            FailedError: something does not compile or link.
            BuildError: there is no room in the cache, or no compiler.
            DeadlineError: it takes too long.
        """
        self._start(range(len(self._commands.always)))
        self._index()  # while the first compilers run
        resolution = self._compile_by_need()
        ended = self._link(resolution, library)
        likely: list[Failure] = []  # without those of sources that are compiled on a venture
        for more in (self._hinted, self._including, self._remaining):
            if ended.code == 0:
                return
            likely = list(self._failures)
            sources = more(_missing(resolution, ended.output))
            if not sources:
                continue
            self._say(f"symbols are missing: compiling {len(sources)} more sources")
            self._start(sources)
            resolution = self._compile_by_need()
            ended = self._link(resolution, library)
        if ended.code != 0:
            raise FailedError(likely[0] if likely else self._failure(ended))

    @property
    def log(self) -> str:
        """What was run and what it said."""
        return "\n".join([*self._log, ""])

    def _compile_by_need(self) -> Resolution:
        while True:
            resolution = self._resolve()
            if self._start(resolution.wanted):
                continue  # some of it was cached, and may need more
            if not self._pending:
                return resolution
            self._finish(self._compilers.wait())

    def _resolve(self) -> Resolution:
        first = len(self._commands.always)
        always = [found.symbols for n in range(first) if (found := self._found.get(n))]
        compiled = {
            number: found.symbols if found else _NOTHING
            for number, found in self._found.items()
            if number >= first
        }
        return resolve(always, compiled, self._likely)

    def _likely(self, symbol: str) -> Iterator[int]:
        if is_of_the_runtime(symbol):
            return iter(())
        first = len(self._commands.always)
        return (first + number for number in self._index().candidates(symbol))

    def _start(self, numbers: Iterable[int]) -> bool:
        """Have sources compiled; whether some of them were, before."""
        some_were_cached = False
        for number in sorted(numbers):
            if number in self._found or number in self._pending:
                continue
            key = self._commands.key(self._sources[number], self._digests)
            if found := self._objects.find(key):
                self._found[number] = found
                some_were_cached = True
            else:
                self._pending.add(number)
                command = self._commands.compile(self._sources[number], self._object(number))
                self._compilers.start(number, command)
        return some_were_cached

    def _start_whole(self, number: int) -> bool:
        """Have a source compiled once more with all its headers, if some were left out."""
        command = self._commands.compile_whole(self._sources[number], self._object(number))
        if command is None or number in self._whole:
            return False
        self._whole.add(number)
        self._compilers.start(number, command)
        return True

    def _object(self, number: int) -> Path:
        return self._folder / f"{number}.o"

    def _finish(self, ended: Ended) -> None:
        number = ended.name
        assert isinstance(number, int)  # noqa: S101 - for the type checker
        source = self._sources[number]
        self._write(ended)
        if ended.code != 0 and self._start_whole(number):
            return
        self._pending.discard(number)
        self.compiled += 1
        self._found[number] = self._keep(number) if ended.code == 0 else None
        if ended.code != 0:
            failure = self._failure(ended, source)
            self._failures.append(failure)
            if number < len(self._commands.always):
                raise FailedError(failure)
        self._progress.step(source.name, self.compiled, self.compiled + len(self._pending))

    def _keep(self, number: int) -> Compiled:
        check_unchanged(self._plan.export)
        made = self._object(number)
        key = self._commands.key(self._sources[number], self._digests)
        try:
            root = self._plan.export.root
            return self._objects.store(key, made, made.with_suffix(".d"), root)
        except ObjectError as error:
            raise BuildError(f"the compiler cannot be used: {error}") from error

    def _link(self, resolution: Resolution, library: Path) -> Ended:
        numbers = (*range(len(self._commands.always)), *resolution.linked)
        found = [found for number in numbers if (found := self._found[number])]
        folder = self._folder / f"link-{len(self._found)}"
        with self._cache.writing():
            folder.mkdir(exist_ok=True)
            objects = take(found, folder)
        self._progress.step("linking", self.compiled, self.compiled)
        self._compilers.start(_LINK, self._commands.link(objects, library))
        ended = self._compilers.wait()
        self._write(ended)
        return ended

    def _hinted(self, missing: set[str]) -> set[int]:
        """The sources in which the names stand that the linker misses."""
        return self._new(mentioning(self._candidates(), missing))

    def _including(self, missing: set[str]) -> set[int]:
        """Those with a header in which they stand."""
        return self._new(including(self._candidates(), self._plan.export.root, missing))

    def _remaining(self, missing: set[str]) -> set[int]:
        """All other sources, if something is missing at all that the SDK may define."""
        if not missing or promised(self._plan.export, missing):
            return set()
        return set(range(len(self._sources))) - self._found.keys()

    def _new(self, candidates: Iterable[int]) -> set[int]:
        first = len(self._commands.always)
        return {first + number for number in candidates} - self._found.keys()

    def _candidates(self) -> list[Path]:
        return [self._plan.export.root / source for source in self._plan.candidates]

    def _index(self) -> Index:
        if self._kept_index is None:
            self._kept_index = self._read_index()
        return self._kept_index

    def _read_index(self) -> Index:
        names = [self._digests.portable(path) for path in self._candidates()]
        memo = f"index-{digest_text(*names, *map(self._digests.of, names))}"
        known = self._cache.recall(memo)
        if isinstance(known, dict) and known.keys() == {"definitions", "scopes"}:
            return Index(**known)
        index = make_index(self._candidates())
        self._cache.remember(memo, {"definitions": index.definitions, "scopes": index.scopes})
        return index

    def _write(self, ended: Ended) -> None:
        self._say(f"$ {shlex.join(ended.command)}")
        if ended.output:
            self._say(ended.output.rstrip())

    def _say(self, line: str) -> None:
        self._log.append(line)

    def _failure(self, ended: Ended, source: Path | None = None) -> Failure:
        return Failure(self._plan, source, ended.code, ended.output)


def _missing(resolution: Resolution, output: str) -> set[str]:
    """The last identifiers of the symbols that the linker misses, too."""
    words = set(re.findall(r"\w+", output))
    return {(identifiers(symbol) or ("",))[-1] for symbol in resolution.missing} & words
