"""The uploader ``local-folder``: a folder laid out like an export of Studio's data."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..authoring import read_options
from ..contract import Receipt, Sample, Uploader
from ..errors import IngestionError, InvalidInputError
from ._options import place_of, read_path, read_switch
from .kept_samples import KeptSamples, check_file_name, check_folder, keep_file, only_writer

__all__ = ["LocalFolderUploader"]

_READERS = {"path": read_path, "allow_duplicates": read_switch, "dry_run": read_switch}


class LocalFolderUploader(Uploader):
    """Keeps samples as ``CATEGORY/NAME`` below a folder, attachments as ``attachments/...``.

    What is said about them goes into ``info.labels`` there, where uploads and Studio find it again.
    A sample is kept when it stands in there: a process that is killed leaves no half one.

    Args:
        options: ``path`` of the folder, made if it is missing; ``allow_duplicates`` also takes
            samples that are there already; ``dry_run`` only looks at the samples.

    Raises:
        InvalidInputError: an option is unknown, missing or wrong, or the ``info.labels`` in the
            folder is damaged.
        IngestionError: the folder cannot be used, holds other things or is in use.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        given = read_options("local-folder", options, _READERS)
        if "path" not in given:
            raise InvalidInputError("local-folder needs the option path: the folder to write to")
        self._folder: Path = given["path"].absolute()
        self._allows_duplicates = given.get("allow_duplicates", False)
        self._is_dry = given.get("dry_run", False)
        self._guard = threading.Lock()
        self._is_closed = False
        self.place = place_of(f"folder {self._folder}", is_dry=self._is_dry)
        self._lock = None if self._is_dry else only_writer(self._folder)
        try:
            check_folder(self._folder)
            self._kept = KeptSamples(self._folder)
        except BaseException:
            self.close()
            raise

    def upload(self, sample: Sample) -> Receipt:
        """Keep one sample.

        Raises:
            IngestionError: the folder cannot be written, or the uploader is closed.
            InvalidInputError: the sample or an attachment cannot be read, its category is unknown,
                or a name is none of a file.
        """
        return self._upload(sample, allow_duplicates=self._allows_duplicates)

    def upload_again(self, sample: Sample) -> Receipt:
        """Keep one sample unless it is there; errors as of :meth:`upload`."""
        return self._upload(sample, allow_duplicates=False)

    def close(self) -> None:
        """Take no more samples. Closing twice is legal."""
        with self._guard:
            self._is_closed = True
            if self._lock is not None:
                self._lock.release()

    def _upload(self, sample: Sample, *, allow_duplicates: bool) -> Receipt:
        with self._guard:
            if self._is_closed:
                raise IngestionError("the uploader is closed: open a new one")
            _check(sample)
            content = sample.read()
            if not allow_duplicates and self._kept.holds(content):
                message = "a sample with this content is in the folder already"
                return Receipt(sample.filename, ok=False, message=message, is_duplicate=True)
            if self._is_dry:
                return Receipt(sample.filename, ok=True, message="not kept: this is a dry run")
            try:
                self._keep(sample, content)
            except OSError as error:
                raise IngestionError(
                    f"cannot write to {error.filename or self._folder}: {error.strerror or error}"
                ) from error
            return Receipt(sample.filename, ok=True)

    def _keep(self, sample: Sample, content: bytes) -> None:
        """Write the files first: only then the sample is one."""
        from ..ingestion.datasets import append_info_label

        path = keep_file(self._folder / sample.category, sample.filename, content)
        place = self._folder / "attachments" / sample.category / path.name
        attached = [keep_file(place, file.name, _read(file)) for file in sample.attachments]
        append_info_label(self._folder, path, sample, attached)
        self._kept.add(path, content)


def _check(sample: Sample) -> None:
    from ..ingestion.datasets import CATEGORIES

    if sample.category not in CATEGORIES:
        raise InvalidInputError(
            f"the category is {sample.category!r}, expected one of {', '.join(CATEGORIES)}"
        )
    check_file_name(sample.filename)
    for file in sample.attachments:
        check_file_name(file.name)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInputError(
            f"cannot read the attachment {file}: {error.strerror or error}"
        ) from error
