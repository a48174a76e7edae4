"""The uploader ``edge-impulse``: a project in Edge Impulse Studio."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .._http.hosts import Hosts
from ..authoring import read_options
from ..contract import Receipt, Sample, Uploader
from ..credentials import find_credentials, read_login
from ..ingestion import Client
from ..ingestion.encoding import encode_upload
from ._options import place_of, read_key, read_path, read_project, read_switch

__all__ = ["EdgeImpulseUploader"]

_READERS = {
    "api_key": read_key,
    "api_key_file": read_path,
    "allow_duplicates": read_switch,
    "dry_run": read_switch,
    "project": read_project,
}
_MOST_AT_A_TIME = 256
"""How many connections there are at most; whoever uploads says how many threads there are."""


class EdgeImpulseUploader(Uploader):
    """Sends samples to the ingestion service, with the key of a project.

    Args:
        options: ``api_key`` or ``api_key_file`` (else ``EI_API_KEY``, or what ``ei-runner login``
            stored); ``project``, an id, refuses a key of another project; ``allow_duplicates`` also
            takes samples that the project has already; ``dry_run`` only looks at the samples, and
            needs no key.

    Raises:
        InvalidInputError: an option is unknown or wrong, there is no key, or it does not open the
            project.
        StudioError: Studio, which is asked where a project is given, refuses or fails.
        DeadlineError: Studio does not answer.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        given = read_options("edge-impulse", options, _READERS)
        self._allows_duplicates = given.pop("allow_duplicates", False)
        self._is_dry = given.pop("dry_run", False)
        project = given.pop("project", None)
        if project is not None and not self._is_dry:
            _check_project(project, given)
        needs_client = not self._is_dry or _is_key_there(given)
        self._client = Client(**given, concurrency=_MOST_AT_A_TIME) if needs_client else None
        self.place = place_of(_place(self._client), is_dry=self._is_dry)

    def upload(self, sample: Sample) -> Receipt:
        """Send one sample; errors as of :meth:`ei_runner_core.ingestion.Client.upload`."""
        return self._upload(sample, allow_duplicates=self._allows_duplicates)

    def upload_again(self, sample: Sample) -> Receipt:
        """Send one that may have arrived already; a project that has it refuses it."""
        return self._upload(sample, allow_duplicates=False)

    def close(self) -> None:
        """End the connections; uploads that wait for another attempt end too."""
        if self._client is not None:
            self._client.close()

    def _upload(self, sample: Sample, *, allow_duplicates: bool) -> Receipt:
        if self._is_dry or self._client is None:
            encode_upload(sample)
            return Receipt(sample.filename, ok=True, message="not sent: this is a dry run")
        return self._client.upload(sample, allow_duplicates=allow_duplicates)


def _check_project(wanted: int, given: Mapping[str, Any]) -> None:
    """A key is what decides where samples go: whoever names a project means that one."""
    from ..credentials.checking import project_of, projects_of

    key = find_credentials(given.get("api_key"), given.get("api_key_file")).api_key
    project_of(projects_of(key, Hosts.find()), wanted)


def _is_key_there(given: Mapping[str, Any]) -> bool:
    """Whether a key was given or is stored; whether it is a good one is another question."""
    return bool(
        given.keys() & {"api_key", "api_key_file"}
        or os.environ.get("EI_API_KEY", "").strip()
        or read_login(Hosts.find().studio)
    )


def _place(client: Client | None) -> str:
    return f"{Hosts.find().ingestion} (without an API key)" if client is None else client.place
