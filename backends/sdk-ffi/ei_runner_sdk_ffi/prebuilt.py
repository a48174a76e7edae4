"""Full TensorFlow Lite to link, taken out of a wheel that is published for another purpose.

``python -m ei_runner_sdk_ffi.prebuilt linux-aarch64`` puts it where builds look for it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import click

from ei_runner_core import BuildError, DeadlineError, EdgeImpulseError, InvalidInputError

from .build.fingerprint import digest_file
from .build.targets import TARGETS, Target

__all__ = ["Prebuilt", "fetch", "main", "prebuilt_for"]

_MANIFEST = Path(__file__).with_name("prebuilt.json")


@dataclass(frozen=True)
class Prebuilt:
    """A wheel that holds ``libtensorflowlite_c``.

    ``platform``: its platform tag. ``sha256``: of the wheel. ``library`` and ``license``: files
    in it.
    """

    distribution: str
    version: str
    platform: str
    sha256: str
    library: str
    license: str


def prebuilt_for(target: Target) -> Prebuilt:
    """The wheel with the library for a target.

    Raises:
        InvalidInputError: none is known.
    """
    known = json.loads(_MANIFEST.read_bytes())
    if target.name not in known:
        raise InvalidInputError(
            f"no wheel with TensorFlow Lite for {target.name} is known, there are "
            f"{', '.join(known)}; build libtensorflowlite_c yourself and put it into "
            f"tflite/{target.tflite[0]}"
        )
    return Prebuilt(**known[target.name])


def fetch(prebuilt: Prebuilt, folder: Path, *, timeout: float = 600.0) -> Path:
    """Download a wheel with pip and take the library and its licence out of it.

    Args:
        prebuilt: which wheel.
        folder: where to; made if it is missing. What it holds of that name is replaced.
        timeout: seconds that pip may take.

    Returns:
        The library.

    Raises:
        BuildError: it cannot be downloaded, is not the expected one, or cannot be written.
        DeadlineError: pip took too long.
    """
    with tempfile.TemporaryDirectory(prefix="ei-runner-") as temporary:
        wheel = _download(prebuilt, Path(temporary), timeout)
        found = digest_file(wheel)
        if found != prebuilt.sha256:
            raise BuildError(
                f"{wheel.name} has the SHA-256 {found}, expected {prebuilt.sha256}: it is not the "
                "file that was looked at; do not use it, and ask where your pip downloads from"
            )
        try:
            return _take_out(wheel, prebuilt, folder)
        except OSError as error:
            raise BuildError(f"cannot write to {folder}: {error.strerror or error}") from error


def _download(prebuilt: Prebuilt, folder: Path, timeout: float) -> Path:
    what = f"{prebuilt.distribution}=={prebuilt.version}"
    if find_spec("pip") is None:
        raise BuildError(
            f"{what} is downloaded with pip, which is missing; try python -m ensurepip"
        )
    choice = ("--no-deps", "--only-binary", ":all:", "--platform", prebuilt.platform)
    quiet = ("--quiet", "--no-input", "--disable-pip-version-check")
    command = (sys.executable, "-m", "pip", "download", *quiet, *choice, "--dest", folder, what)
    try:
        done = subprocess.run(  # noqa: S603 - the pip of this Python
            command, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise DeadlineError(f"pip took longer than {timeout:g} s to download {what}") from error
    wheel = next(folder.glob("*.whl"), None)
    if done.returncode or wheel is None:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise BuildError(f"pip cannot download {what} for {prebuilt.platform}: {said[-1]}")
    return wheel


def _take_out(wheel: Path, prebuilt: Prebuilt, folder: Path) -> Path:
    library = folder / Path(prebuilt.library).name
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for member, path in ((prebuilt.license, folder / "LICENSE"), (prebuilt.library, library)):
            _replace(path, archive.read(member))
    return library


def _replace(path: Path, content: bytes) -> None:
    """Write a file that is whole as soon as it is there."""
    with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
        new = Path(temporary) / path.name
        new.write_bytes(content)
        new.replace(path)


@click.command()
@click.argument(
    "platforms", nargs=-1, required=True, metavar="PLATFORM...", type=click.Choice(list(TARGETS))
)
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="EI_TFLITE_DIR",
    default=Path("tflite"),
    show_default=True,
    show_envvar=True,
    help="The folder above those of the platforms.",
)
def main(platforms: tuple[str, ...], to: Path) -> None:
    """Fetch full TensorFlow Lite for linux-x86_64, linux-aarch64 or linux-armv7, to link it."""
    try:
        for target in map(TARGETS.__getitem__, platforms):
            click.echo(fetch(prebuilt_for(target), to / target.tflite[0]))
    except EdgeImpulseError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
