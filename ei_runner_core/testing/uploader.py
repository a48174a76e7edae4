"""What an uploader promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ..contract import Receipt, Sample, Uploader, UploaderSpec
from ..errors import IngestionError, InvalidInputError
from ..plugins import load_target, registry
from .backend import assert_clear
from .guard import Suite
from .threads import Worker
from .uploader_samples import DESCRIBED, HOSTILE_NAMES, PLAIN, SAMPLE, differences

__all__ = ["UploaderSuite"]

THREADS, SAMPLES_EACH = 4, 8
SECRETS = ("key", "password", "secret", "token")

Opened = tuple[Uploader, Mapping[str, Any]]


class UploaderSuite(Suite):
    """The promises of an uploader. Set ``uploader``, override :meth:`settings`."""

    uploader: ClassVar[str]
    """The name of the uploader, as in its spec."""

    def settings(self, folder: Path) -> Mapping[str, Any]:
        """The options to open it with; ``folder`` is empty and belongs to the test."""
        return {}

    def stored(self, settings: Mapping[str, Any], sample: Sample) -> bytes | Sample | None:
        """What arrived of a sample, read without the uploader; None if it is not there.

        Its bytes where the place keeps only these, else the sample with all that is known about it
        there. Without it the suite cannot tell whether anything arrives at all.
        """
        raise TypeError(f"{type(self).__name__} has to override stored()")

    @pytest.fixture
    def spec(self) -> UploaderSpec:
        """What the plugin says of the uploader."""
        return registry().uploaders[self.uploader]

    @pytest.fixture
    def opened(self, spec: UploaderSpec, tmp_path: Path) -> Iterator[Opened]:
        """The uploader, with the options that it was opened with."""
        folder = tmp_path / "place"
        folder.mkdir()
        settings = self.settings(folder)
        uploader = load_target(spec)(settings)
        yield uploader, settings
        uploader.close()

    def test_the_plugin_can_be_used(self, spec: UploaderSpec) -> None:
        """``ei-runner backends`` lists it as ok."""
        assert spec.summary, "the spec has no summary for the list of plugins"

    def test_it_is_an_uploader(self, opened: Opened) -> None:
        """The class derives from ``Uploader``."""
        assert isinstance(opened[0], Uploader)

    def test_its_place_is_told_without_secrets(self, opened: Opened) -> None:
        """The journal of an upload holds ``place``, which tells this one from others."""
        uploader, settings = opened
        assert isinstance(uploader.place, str)
        assert uploader.place.strip(), "place is empty: a journal cannot tell it from others"
        for name, value in settings.items():
            if any(word in name for word in SECRETS):
                shown = f"{uploader.place} {uploader!r}"
                assert str(value) not in shown, f"its place or repr shows the value of {name}"

    def test_a_sample_arrives_unchanged(self, opened: Opened) -> None:
        """Its receipt names it, and its bytes are there."""
        uploader, settings = opened
        assert_taken(uploader.upload(SAMPLE), SAMPLE)
        self._assert_arrived(settings, SAMPLE)

    @pytest.mark.parametrize("sample", PLAIN.values(), ids=PLAIN)
    def test_samples_of_all_kinds_arrive_or_are_refused(
        self, opened: Opened, sample: Sample
    ) -> None:
        """Nothing is lost in silence: a receipt says that it is there, or why not."""
        self._assert_arrives_or_is_refused(opened, sample)

    @pytest.mark.parametrize("sample", DESCRIBED.values(), ids=DESCRIBED)
    def test_what_is_said_about_a_sample_arrives_or_it_is_refused(
        self, opened: Opened, sample: Sample
    ) -> None:
        """Labels, metadata, boxes and spans are not lost on the way."""
        self._assert_arrives_or_is_refused(opened, sample)

    def test_a_sample_on_disk_arrives(self, opened: Opened, tmp_path: Path) -> None:
        """It may be a file of another name."""
        path = tmp_path / "held.bin"
        path.write_bytes(b"timestamp,x\n0,7\n")
        self._assert_arrives_or_is_refused(opened, Sample("disk.csv", path=path, label="up"))

    def test_attachments_arrive_or_the_sample_is_refused(
        self, opened: Opened, tmp_path: Path
    ) -> None:
        """They are files that belong to the sample."""
        files = tuple(tmp_path / name for name in ("notes.txt", "größe.csv"))
        for file in files:
            file.write_text(file.name)
        sample = Sample("with.csv", b"x\n9\n", label="up", attachments=files)
        self._assert_arrives_or_is_refused(opened, sample)

    def test_two_samples_of_one_name_are_two_samples(self, opened: Opened) -> None:
        """Or the second one is refused: none takes the place of another in silence."""
        uploader, settings = opened
        assert_taken(uploader.upload(SAMPLE), SAMPLE)
        other = Sample(SAMPLE.filename, b"timestamp,x\n0,2\n", label="other")
        if self._upload(uploader, other).ok:
            arrived = self.stored(settings, SAMPLE)
            content = arrived.read() if isinstance(arrived, Sample) else arrived
            assert content in (SAMPLE.content, other.content)
        else:
            self._assert_arrived(settings, SAMPLE)

    def test_an_equal_sample_is_taken_or_called_a_duplicate(self, opened: Opened) -> None:
        """So that uploads go on after a try whose end nobody saw."""
        uploader, settings = opened
        assert_taken(uploader.upload(SAMPLE), SAMPLE)
        for send in (uploader.upload, uploader.upload_again):
            receipt = send(SAMPLE)
            assert receipt.ok or receipt.is_duplicate, receipt.message
        self._assert_arrived(settings, SAMPLE)

    def test_a_sample_without_content_is_one_clear_error(
        self, opened: Opened, tmp_path: Path
    ) -> None:
        """Or a receipt that says why it was not taken."""
        for sample in (Sample("gone.csv", path=tmp_path / "gone.csv"), Sample("none.csv")):
            receipt = self._upload(opened[0], sample)
            assert not receipt.ok
            assert receipt.message

    def test_threads_may_share_it(self, opened: Opened) -> None:
        """Each sample arrives, and has a receipt of its own."""
        uploader, settings = opened
        samples = [
            Sample(f"t{i}.csv", f"x\n{i}\n".encode(), label="up")
            for i in range(THREADS * SAMPLES_EACH)
        ]

        def work(number: int) -> None:
            for sample in samples[number::THREADS]:
                assert_taken(uploader.upload(sample), sample)

        for worker in [Worker(partial(work, number)) for number in range(THREADS)]:
            worker.finish()
        for sample in samples:
            self._assert_arrived(settings, sample)

    @pytest.mark.parametrize("name", HOSTILE_NAMES)
    def test_a_hostile_name_leads_nowhere_else(
        self, opened: Opened, name: str, tmp_path: Path
    ) -> None:
        """A file name with a path in it is refused or made harmless."""
        receipt = self._upload(opened[0], Sample(name, b"x\n"))
        assert receipt.ok or receipt.message
        outside = {path.name for path in tmp_path.iterdir()} - {"place"}
        assert not outside, f"files beside the uploader's own folder: {outside}"

    def test_the_options_of_the_user_are_left_alone(
        self, spec: UploaderSpec, tmp_path: Path
    ) -> None:
        """The mapping is only read."""
        settings = dict(self.settings(tmp_path))
        load_target(spec)(settings).close()
        assert settings == self.settings(tmp_path)

    def test_an_unknown_option_is_refused_by_name(self, spec: UploaderSpec, tmp_path: Path) -> None:
        """A misspelt option is never ignored; ``authoring.read_options`` does this."""
        settings = {**self.settings(tmp_path), "no_such_option": 1}
        with pytest.raises(InvalidInputError, match="no_such_option"):
            load_target(spec)(settings)

    def test_closing_twice_is_legal(self, opened: Opened) -> None:
        """The second ``close`` does nothing."""
        opened[0].close()
        opened[0].close()

    def test_a_closed_uploader_says_so(self, opened: Opened) -> None:
        """It is an IngestionError: the sample was not sent."""
        uploader, settings = opened
        uploader.close()
        with pytest.raises(IngestionError) as caught:
            uploader.upload(SAMPLE)
        assert_clear(caught.value)
        assert self.stored(settings, SAMPLE) is None

    def _assert_arrives_or_is_refused(self, opened: Opened, sample: Sample) -> None:
        uploader, settings = opened
        receipt = self._upload(uploader, sample)
        assert receipt.filename == sample.filename
        if receipt.ok:
            self._assert_arrived(settings, sample)
        else:
            assert receipt.message

    def _assert_arrived(self, settings: Mapping[str, Any], sample: Sample) -> None:
        arrived = self.stored(settings, sample)
        if isinstance(arrived, Sample):
            assert not differences(sample, arrived)
        else:
            assert arrived == sample.read()

    def _upload(self, uploader: Uploader, sample: Sample) -> Receipt:
        """Upload; a clear error about the sample is as good as a receipt that refuses it."""
        try:
            return uploader.upload(sample)
        except (InvalidInputError, IngestionError) as error:
            assert_clear(error)
            return Receipt(sample.filename, ok=False, message=str(error))


def assert_taken(receipt: Receipt, sample: Sample) -> None:
    """The receipt says that the sample was taken."""
    assert isinstance(receipt, Receipt)
    assert receipt.filename == sample.filename
    assert receipt.ok, receipt.message
