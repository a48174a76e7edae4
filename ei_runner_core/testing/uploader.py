"""What an uploader promises."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ..contract import Receipt, Sample, Uploader, UploaderSpec
from ..errors import IngestionError, InvalidInputError
from ..plugins import load_target, registry
from .backend import assert_clear
from .guard import Suite

__all__ = ["UploaderSuite"]

HOSTILE_NAMES = ("../outside.csv", "/outside.csv", "a\\..\\..\\outside.csv", "", "..", "nul\0.csv")
SAMPLE = Sample("walk.csv", b"timestamp,x\n0,1\n", label="walking", metadata={"site": "home"})


class UploaderSuite(Suite):
    """The promises of an uploader. Set ``uploader``, override :meth:`settings`."""

    uploader: ClassVar[str]
    """The name of the uploader, as in its spec."""

    def settings(self, folder: Path) -> Mapping[str, Any]:
        """The options to open it with; ``folder`` is empty and belongs to the test."""
        return {}

    def stored(self, settings: Mapping[str, Any], sample: Sample) -> bytes | None:
        """What arrived of a sample, read without the uploader; None if it is not there.

        Without it the suite cannot tell whether anything arrives at all.
        """
        raise TypeError(f"{type(self).__name__} has to override stored()")

    @pytest.fixture
    def spec(self) -> UploaderSpec:
        """What the plugin says of the uploader."""
        return registry().uploaders[self.uploader]

    @pytest.fixture
    def opened(self, spec: UploaderSpec, tmp_path: Path) -> tuple[Uploader, Mapping[str, Any]]:
        """The uploader, with the options that it was opened with."""
        folder = tmp_path / "place"
        folder.mkdir()
        settings = self.settings(folder)
        return load_target(spec)(settings), settings

    def test_the_plugin_can_be_used(self, spec: UploaderSpec) -> None:
        """``ei-runner backends`` lists it as ok."""
        assert spec.summary, "the spec has no summary for the list of plugins"

    def test_it_is_an_uploader(self, opened: tuple[Uploader, Mapping[str, Any]]) -> None:
        """The class derives from ``Uploader``."""
        assert isinstance(opened[0], Uploader)

    def test_a_sample_arrives_unchanged(self, opened: tuple[Uploader, Mapping[str, Any]]) -> None:
        """Its receipt names it, and its bytes are there."""
        uploader, settings = opened
        assert_taken(uploader.upload(SAMPLE), SAMPLE)
        assert self.stored(settings, SAMPLE) == SAMPLE.content

    @pytest.mark.parametrize(
        "sample",
        [
            Sample("plain.csv", b"x\n1\n"),
            Sample("größe 1.csv", b"x\n2\n", label="straße", category="testing"),
            Sample("empty.csv", b""),
            Sample("bytes.cbor", bytes(range(256)) * 300, label="a/b: c"),
        ],
        ids=["no label", "unicode", "empty", "binary"],
    )
    def test_samples_of_all_kinds_arrive_or_are_refused(
        self, opened: tuple[Uploader, Mapping[str, Any]], sample: Sample
    ) -> None:
        """Nothing is lost in silence: a receipt says that it is there, or why not."""
        uploader, settings = opened
        receipt = uploader.upload(sample)
        assert receipt.filename == sample.filename
        if receipt.ok:
            assert self.stored(settings, sample) == sample.content
        else:
            assert receipt.message

    @pytest.mark.parametrize("name", HOSTILE_NAMES)
    def test_a_hostile_name_leads_nowhere_else(
        self, opened: tuple[Uploader, Mapping[str, Any]], name: str, tmp_path: Path
    ) -> None:
        """A file name with a path in it is refused or made harmless."""
        uploader, _ = opened
        try:
            receipt = uploader.upload(Sample(name, b"x\n"))
        except (InvalidInputError, IngestionError) as error:
            assert_clear(error)
        else:
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

    def test_closing_twice_is_legal(self, opened: tuple[Uploader, Mapping[str, Any]]) -> None:
        """The second ``close`` does nothing."""
        opened[0].close()
        opened[0].close()

    def test_a_closed_uploader_says_so(self, opened: tuple[Uploader, Mapping[str, Any]]) -> None:
        """It is an IngestionError: the sample was not sent."""
        uploader, settings = opened
        uploader.close()
        with pytest.raises(IngestionError) as caught:
            uploader.upload(SAMPLE)
        assert_clear(caught.value)
        assert self.stored(settings, SAMPLE) is None


def assert_taken(receipt: Receipt, sample: Sample) -> None:
    """The receipt says that the sample was taken."""
    assert isinstance(receipt, Receipt)
    assert receipt.filename == sample.filename
    assert receipt.ok, receipt.message
