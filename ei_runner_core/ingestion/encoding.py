"""From a sample to the request that uploads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from ..contract import Sample
from ..errors import InvalidInputError
from .filenames import check_filename
from .multipart import MultipartBody, Part, part
from .sidecars import attachments_sidecar, boxes_sidecar, label_map_sidecar, spans_sidecar
from .upload_headers import check_category, upload_headers

__all__ = ["LARGEST_FILE", "UploadRequest", "encode_upload"]

LARGEST_FILE = 100 * 1024 * 1024
"""Files of so many bytes and more are refused by Edge Impulse."""


class UploadRequest(Struct, frozen=True):
    """A request to the ingestion service, without the key."""

    path: str
    headers: dict[str, str]
    body: MultipartBody


def encode_upload(sample: Sample, *, allow_duplicates: bool = False) -> UploadRequest:
    """The request that uploads a sample. Files are only looked at, not read.

    Raises:
        InvalidInputError: the sample cannot be sent; the message says why.
    """
    if not isinstance(sample, Sample):
        raise InvalidInputError(f"the sample is {sample!r}, expected an ei_runner_core.Sample")
    check_category(sample.category)
    check_filename(sample.filename)
    headers = upload_headers(sample, allow_duplicates=allow_duplicates)
    parts = tuple(_parts(sample))
    _check_names(parts)
    body = MultipartBody(parts)
    headers["Content-Type"] = body.content_type
    return UploadRequest(f"/api/{sample.category}/files", headers, body)


def _parts(sample: Sample) -> Iterator[Part]:
    """In the order of the official uploader."""
    yield _file(sample.filename, sample.path if sample.content is None else sample.content)
    for sidecar in (spans_sidecar(sample), boxes_sidecar(sample)):
        if sidecar:
            yield part(*sidecar)
    for path in sample.attachments:
        check_filename(path.name)
        yield _file(path.name, path)
    for sidecar in (attachments_sidecar(sample), label_map_sidecar(sample)):
        if sidecar:
            yield part(*sidecar)


def _file(filename: str, content: bytes | Path | None) -> Part:
    if content is None:
        raise InvalidInputError(f"the sample {filename!r} has neither content nor a path")
    made = part(filename, content)
    if made.size >= LARGEST_FILE:
        raise InvalidInputError(
            f"{filename!r} has {made.size} bytes, expected less than {LARGEST_FILE} (100 MiB); "
            "split it into several samples"
        )
    return made


def _check_names(parts: tuple[Part, ...]) -> None:
    """The sidecars tell the files of a request apart by their names."""
    seen: set[str] = set()
    for one in parts:
        if one.filename in seen:
            raise InvalidInputError(
                f"the file name {one.filename!r} stands for two files of one sample; rename one"
            )
        seen.add(one.filename)
