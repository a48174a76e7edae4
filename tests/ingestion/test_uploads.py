"""Many samples at a time: none is lost, none is doubled, each has its verdict."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ei_runner_core import (
    IngestionError,
    InvalidInputError,
    Receipt,
    Sample,
    Uploader,
)
from ei_runner_core.ingestion.uploads import UploadReport, upload_all

Answer = Callable[[Sample], Receipt]


class Place(Uploader):
    """Keeps what arrives; `answer` may refuse it first."""

    place = "here"

    def __init__(self, answer: Answer | None = None) -> None:
        self.kept: list[str] = []
        self.is_closed = False
        self._answer = answer
        self._guard = threading.Lock()

    def upload(self, sample: Sample) -> Receipt:
        if self._answer is not None:
            answer = self._answer(sample)
            if not answer.ok:
                return answer
        with self._guard:
            if sample.filename in self.kept:
                return Receipt(sample.filename, ok=False, message="there", is_duplicate=True)
            self.kept.append(sample.filename)
        return Receipt(sample.filename, ok=True, sample_id=len(self.kept))

    def close(self) -> None:
        self.is_closed = True


def samples(count: int) -> list[Sample]:
    return [Sample(f"{i}.csv", b"x\n") for i in range(count)]


def fails(*names: str, error: Exception) -> Answer:
    def answer(sample: Sample) -> Receipt:
        if sample.filename in names:
            raise error
        return Receipt(sample.filename, ok=True)

    return answer


def counts(report: UploadReport) -> tuple[int, int, int, int]:
    return report.uploaded, report.duplicates, report.skipped, report.failed


def test_all_arrive_once() -> None:
    place, seen = Place(), []
    report = upload_all(place, samples(100), on_receipt=lambda sample, _: seen.append(sample))
    assert sorted(place.kept) == sorted(sample.filename for sample in samples(100))
    assert counts(report) == (100, 0, 0, 0)
    assert (report.ok, report.total, len(seen)) == (True, 100, 100)
    assert not place.is_closed


def test_nothing_to_upload_is_no_failure() -> None:
    assert upload_all(Place(), []).ok


def test_as_many_as_asked_are_on_the_way_at_a_time() -> None:
    all_there = threading.Barrier(4, timeout=30)

    def answer(sample: Sample) -> Receipt:
        all_there.wait()
        return Receipt(sample.filename, ok=True)

    assert counts(upload_all(Place(answer), samples(8), concurrency=4)) == (8, 0, 0, 0)


def test_samples_are_taken_as_they_are_needed() -> None:
    taken: list[int] = []
    arrived: list[int] = []

    def source():
        for i in range(200):
            taken.append(i)
            assert len(taken) - len(arrived) <= 2 * 3 + 1
            yield Sample(f"{i}.csv", b"")

    upload_all(
        Place(), source(), concurrency=3, on_receipt=lambda sample, receipt: arrived.append(1)
    )
    assert len(taken) == 200


def test_duplicates_are_counted_and_are_no_failure() -> None:
    report = upload_all(Place(), [*samples(3), *samples(3)])
    assert counts(report) == (3, 3, 0, 0)
    assert report.ok


def test_a_sample_that_is_refused_does_not_stop_the_others() -> None:
    place = Place(
        lambda sample: Receipt(sample.filename, ok=sample.filename != "7.csv", message="no")
    )
    report = upload_all(place, samples(20))
    assert counts(report) == (19, 0, 0, 1)
    assert report.failures == (Receipt("7.csv", ok=False, message="no"),)
    assert not report.ok


@pytest.mark.parametrize("error", [InvalidInputError("too large"), IngestionError("gave up")])
def test_a_sample_that_fails_is_a_failure_of_its_own(error: Exception) -> None:
    report = upload_all(Place(fails("5.csv", error=error)), samples(20), concurrency=1)
    assert counts(report) == (19, 0, 0, 1)
    assert report.failures[0] == Receipt("5.csv", ok=False, message=str(error))


def test_a_place_that_refuses_everything_is_an_error_at_once() -> None:
    asked: list[str] = []

    def answer(sample: Sample) -> Receipt:
        asked.append(sample.filename)
        raise IngestionError("the key is wrong")

    place = Place(answer)
    with pytest.raises(IngestionError, match="the key is wrong"):
        upload_all(place, samples(1000), concurrency=4)
    assert len(asked) <= 12
    assert place.is_closed


def test_a_place_that_goes_away_is_an_error(tmp_path: Path) -> None:
    names = [f"{i}.csv" for i in range(50, 1000)]
    place = Place(fails(*names, error=IngestionError("gone")))
    with pytest.raises(IngestionError, match="gone"):
        upload_all(place, samples(1000), concurrency=2, journal=tmp_path / "journal")
    assert sorted(place.kept) == sorted(f"{i}.csv" for i in range(50))
    again = Place()
    report = upload_all(again, samples(1000), journal=tmp_path / "journal")
    assert counts(report) == (950, 0, 50, 0)
    assert not set(again.kept) & set(place.kept)


def test_a_bug_is_not_taken_for_a_verdict() -> None:
    with pytest.raises(ZeroDivisionError):
        upload_all(Place(fails("3.csv", error=ZeroDivisionError())), samples(10))


def test_a_failure_in_the_callback_or_the_samples_ends_it() -> None:
    def stop(sample: Sample, receipt: Receipt) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload_all(Place(), samples(100), on_receipt=stop)

    def source():
        yield from samples(5)
        raise InvalidInputError("line 6 is damaged")

    with pytest.raises(InvalidInputError, match="line 6"):
        upload_all(Place(), source())
    assert not [t for t in threading.enumerate() if t.name == "ei-runner-upload"]


def test_what_was_on_the_way_when_a_run_was_killed_may_have_arrived(tmp_path: Path) -> None:
    from ei_runner_core.ingestion.identity import identity_of
    from ei_runner_core.ingestion.journal import Journal

    first, second, third = samples(3)
    place = Place()
    with Journal(tmp_path / "journal", "here") as journal:
        journal.begin(identity_of(first))
        journal.finish(identity_of(first))
        journal.begin(identity_of(second))
        place.upload(second)  # it arrived; the process was killed before it knew
        place.upload(third)  # somebody else's
    report = upload_all(place, [first, second, third], journal=tmp_path / "journal")
    assert counts(report) == (1, 1, 1, 0)
    assert place.kept == [second.filename, third.filename]


def test_when_all_have_arrived_the_journal_is_gone(tmp_path: Path) -> None:
    upload_all(Place(), samples(5), journal=tmp_path / "journal")
    assert list(tmp_path.iterdir()) == []


def test_after_a_failure_only_what_is_missing_is_sent_again(tmp_path: Path) -> None:
    refusing = Place(lambda s: Receipt(s.filename, ok=s.filename != "2.csv", message="no"))
    assert counts(upload_all(refusing, samples(5), journal=tmp_path / "j")) == (4, 0, 0, 1)
    place = Place()
    assert counts(upload_all(place, samples(5), journal=tmp_path / "j")) == (1, 0, 4, 0)
    assert place.kept == ["2.csv"]


def test_a_file_that_has_gone_is_a_failure_of_its_own(tmp_path: Path) -> None:
    gone = Sample("gone.csv", path=tmp_path / "gone.csv")
    report = upload_all(Place(), [*samples(3), gone], journal=tmp_path / "journal")
    assert counts(report) == (3, 0, 0, 1)
    assert "gone.csv" in report.failures[0].message


def test_what_came_before_an_error_of_the_samples_is_uploaded(tmp_path: Path) -> None:
    def broken() -> Iterator[Sample]:
        yield from samples(30)
        raise ValueError("line 31 is bad")

    place = Place()
    seen: list[str] = []
    reports: list[UploadReport] = []
    with pytest.raises(ValueError, match="line 31 is bad"):
        upload_all(
            place,
            broken(),
            journal=tmp_path / "journal",
            on_receipt=lambda sample, _: seen.append(sample.filename),
            on_report=reports.append,
        )
    assert sorted(seen) == sorted(place.kept) == sorted(s.filename for s in samples(30))
    assert [counts(report) for report in reports] == [(30, 0, 0, 0)]
    assert counts(upload_all(place, samples(31), journal=tmp_path / "journal")) == (1, 0, 30, 0)


@pytest.mark.parametrize("value", ["pics", Path("pics"), Sample("a.csv", b""), 5, None])
def test_what_is_no_iterable_of_samples_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInputError, match=f"samples is {re.escape(repr(value))}, expected"):
        upload_all(Place(), value)


def test_what_is_no_sample_is_refused_after_those_before_it() -> None:
    place = Place()
    values: Any = [*samples(3), "pics/a.png"]
    with pytest.raises(InvalidInputError, match="the samples hold 'pics/a.png', expected an"):
        upload_all(place, values)
    assert len(place.kept) == 3


def test_a_concurrency_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="the concurrency is 0, expected 1 or more"):
        upload_all(Place(), samples(1), concurrency=0)


def test_a_first_sample_that_the_place_chokes_on_does_not_stop_the_others() -> None:
    place = Place(fails("0.csv", error=IngestionError("500 Internal Server Error")))
    report = upload_all(place, samples(20), concurrency=1)
    assert counts(report) == (19, 0, 0, 1)
    assert report.failures[0].filename == "0.csv"


def test_a_single_sample_that_cannot_be_sent_is_an_error() -> None:
    with pytest.raises(IngestionError, match="the key is wrong"):
        upload_all(Place(fails("0.csv", error=IngestionError("the key is wrong"))), samples(1))
