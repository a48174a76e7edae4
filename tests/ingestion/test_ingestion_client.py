"""One sample on its way into a project, over real HTTP, also where network or service fail."""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cbor2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ei_runner_core import (
    UNLABELED,
    DeadlineError,
    IngestionError,
    InvalidInputError,
    LabeledBox,
    LabelSpan,
    Receipt,
    Sample,
)
from ei_runner_core._http.hosts import Hosts
from ei_runner_core._http.retries import Retries
from ei_runner_core.ingestion import Client, sample_from_array
from ei_runner_core.testing.studio import Fault, LocalProject, LocalStudio, StoredSample

KEY = "ei_" + "0123456789abcdef" * 4
HMAC_KEY = "fed53116f20684c067774ebf9e7bcbdc"
WALK = Sample("walk.csv", b"timestamp,x\n0,1\n", label="walking")
FAST = Retries(attempts=5, base=0.001, longest=0.002)


@pytest.fixture
def studio() -> Iterator[LocalStudio]:
    with LocalStudio() as studio:
        yield studio


@pytest.fixture
def project(studio: LocalStudio) -> LocalProject:
    return studio.add_project(api_key=KEY, hmac_key=HMAC_KEY)


@pytest.fixture
def client(studio: LocalStudio, project: LocalProject) -> Iterator[Client]:
    with connect(studio.url) as client:
        yield client


def connect(url: str, key: str = KEY, **options: Any) -> Client:
    return Client(key, hosts=Hosts(ingestion=url), retries=FAST, **options)


def arrived(client: Client, project: LocalProject, sample: Sample) -> StoredSample:
    receipt = client.upload(sample)
    assert receipt == Receipt(sample.filename, ok=True, sample_id=project.samples[-1].id)
    stored = project.samples[-1]
    assert (stored.filename, stored.content) == (sample.filename, sample.read())
    return stored


def assert_no_key(error: BaseException, key: str = KEY) -> None:
    text = "".join(traceback.format_exception(error))
    assert key not in text
    assert "\n" not in str(error)
    seen: BaseException | None = error
    while seen is not None:
        assert key not in repr(vars(seen))
        seen = seen.__cause__ or seen.__context__


def test_a_sample_arrives_with_all_that_is_told(
    client: Client, project: LocalProject, tmp_path: Path
) -> None:
    attached = tmp_path / "größe.txt"
    attached.write_bytes(b"more")
    stored = arrived(
        client,
        project,
        Sample(
            'grün "käse".PNG',
            b"\x89PNG",
            label="größe 50%/100%",
            category="testing",
            metadata={"site": "日本", "n": "1"},
            bounding_boxes=(LabeledBox("cät", 1, 2, 3.5, 4),),
            attachments=(attached,),
        ),
    )
    assert (stored.label, stored.category) == ("größe 50%/100%", "testing")
    assert stored.metadata == {"site": "日本", "n": "1"}
    assert stored.content_type == "image/png"
    assert stored.bounding_boxes == ({"label": "cät", "x": 1, "y": 2, "width": 3.5, "height": 4},)
    assert stored.attachments == {"größe.txt": b"more"}


@pytest.mark.parametrize(
    ("label", "stored_label", "stored_labels"),
    [(None, "walk", None), ("", "", None), (UNLABELED, None, None),
     (("a", "ö"), "walk", ("a", "ö")), ({"who": "ö"}, "walk", {"who": "ö"})],
)  # fmt: skip
def test_labels_of_all_kinds_arrive(
    client: Client, project: LocalProject, label: Any, stored_label: Any, stored_labels: Any
) -> None:
    stored = arrived(client, project, Sample("walk.1.csv", b"x\n", label=label))
    assert (stored.label, stored.labels) == (stored_label, stored_labels)


@pytest.mark.parametrize("category", ["training", "anomaly", "split", "validation"])
def test_the_category_is_that_of_the_sample(
    client: Client, project: LocalProject, studio: LocalStudio, category: str
) -> None:
    stored = arrived(client, project, Sample("a.csv", b"x\n", category=category))
    assert studio.requests[-1].path == f"/api/{category}/files"
    assert stored.category == category or category == "split"


def test_arrays_arrive_signed_with_labels_for_spans(client: Client, project: LocalProject) -> None:
    for form in ("json", "cbor"):
        sample = sample_from_array(
            np.arange(6).reshape(3, 2),
            name="walk",
            sensors=("x", "y"),
            interval_ms=10,
            structured_labels=(LabelSpan(0, 1, "a"), LabelSpan(2, 2, "b")),
            form=form,
            hmac_key=HMAC_KEY,
        )
        stored = arrived(client, project, sample)
        assert stored.has_valid_signature
        assert [span["endIndex"] for span in stored.structured_labels] == [1, 2]
    assert cbor2.loads(stored.content)["payload"]["values"] == [[0, 1], [2, 3], [4, 5]]


names = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\%"))
texts = st.text(st.characters(exclude_categories=["Cs"]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(names, texts, st.dictionaries(texts, texts))
def test_any_texts_arrive_as_they_are(
    client: Client, project: LocalProject, name: str, label: str, metadata: dict[str, str]
) -> None:
    number = str(len(project.samples)).encode()
    sample = Sample(f"a{name}.csv", number, label=label, metadata=metadata, bounding_boxes=())
    stored = arrived(client, project, sample)
    assert (stored.label, stored.metadata, stored.bounding_boxes) == (label, metadata, ())


def test_a_file_of_many_pieces_arrives_unchanged(
    client: Client, project: LocalProject, tmp_path: Path
) -> None:
    path = tmp_path / "noise.wav"
    path.write_bytes(np.random.default_rng(1).bytes(3_000_001))
    arrived(client, project, Sample("noise.wav", path=path))
    assert project.samples[0].content == path.read_bytes()


def test_an_empty_file_arrives(client: Client, project: LocalProject) -> None:
    arrived(client, project, Sample("empty.csv", b""))


def test_an_equal_sample_is_a_duplicate(client: Client, project: LocalProject) -> None:
    first = client.upload(WALK)
    second = client.upload(Sample("other.csv", WALK.content))
    assert (second.ok, second.is_duplicate, second.sample_id) == (False, True, first.sample_id)
    assert "already exists" in second.message
    assert client.upload(WALK, allow_duplicates=True).ok
    assert len(project.samples) == 2


def test_a_sample_that_is_refused_has_the_reason_on_its_receipt(
    client: Client, project: LocalProject
) -> None:
    receipt = client.upload(Sample("walk.json", b"{no json"))
    assert not receipt.ok
    assert not receipt.is_duplicate
    assert receipt.message
    assert not project.samples


FAILURES = [
    Fault(kind="status", status=429, retry_after=0, times=2),
    Fault(kind="status", status=500, times=2),
    Fault(kind="status", status=502, times=1),
    Fault(kind="status", status=503, retry_after="Mon, 01 Jan 2001 00:00:00 GMT", times=2),
    Fault(kind="cut_before", times=2),
    Fault(kind="cut_before", size=100, times=1),
    Fault(kind="cut_after", times=1),
    Fault(kind="cut_body", size=5, times=1),
    Fault(kind="corrupt", times=1),
    Fault(kind="not_json", times=2),
    Fault(kind="slow", size=10, seconds=0.001, times=1),
]


@pytest.mark.parametrize("fault", FAILURES, ids=lambda fault: f"{fault.kind}-{fault.status}")
def test_passing_failures_neither_lose_nor_double_a_sample(
    client: Client, project: LocalProject, studio: LocalStudio, fault: Fault
) -> None:
    studio.faults.add(fault)
    receipt = client.upload(WALK)
    assert receipt.ok
    assert not receipt.is_duplicate
    assert not receipt.message
    assert [stored.content for stored in project.samples] == [WALK.content]
    assert receipt.sample_id == project.samples[0].id


def test_a_duplicate_stays_one_after_an_attempt_that_was_surely_not_taken(
    client: Client, project: LocalProject, studio: LocalStudio
) -> None:
    client.upload(WALK)
    studio.faults.add(Fault(kind="status", status=429, retry_after=0, times=1))
    receipt = client.upload(WALK)
    assert (receipt.ok, receipt.is_duplicate) == (False, True)


def test_what_was_surely_not_taken_is_sent_again_where_duplicates_are_allowed(
    client: Client, project: LocalProject, studio: LocalStudio
) -> None:
    sample = Sample("large.txt", b"x\n" * (8 << 20))
    client.upload(sample)
    studio.faults.add(Fault(kind="cut_before", size=1000, times=1))
    assert client.upload(sample, allow_duplicates=True).ok
    assert len(project.samples) == 2


@pytest.mark.parametrize("kind", ["cut_after", "cut_body", "corrupt"])
def test_what_may_have_arrived_is_not_sent_again_where_duplicates_are_allowed(
    client: Client, project: LocalProject, studio: LocalStudio, kind: Any
) -> None:
    studio.faults.add(Fault(kind=kind, size=5, times=1))
    with pytest.raises(IngestionError, match="may or may not have arrived") as caught:
        client.upload(WALK, allow_duplicates=True)
    assert_no_key(caught.value)
    assert len(studio.requests) == len(project.samples) == 1


@pytest.mark.parametrize("kind", ["status", "not_json", "cut_after", "corrupt"])
def test_lasting_failures_are_one_clear_error(
    client: Client, project: LocalProject, studio: LocalStudio, kind: Any
) -> None:
    studio.faults.add(Fault(kind=kind))
    with pytest.raises(IngestionError) as caught:
        client.upload(WALK)
    assert_no_key(caught.value)
    assert len(studio.requests) == FAST.attempts
    assert len(project.samples) <= 1


def test_a_refusal_of_the_request_is_an_error_with_its_reason(
    client: Client, project: LocalProject, studio: LocalStudio
) -> None:
    studio.faults.add(Fault(kind="refuse_json", reason=f"Nothing today for {KEY}"))
    with pytest.raises(IngestionError, match=r"walk\.csv.*Nothing today") as caught:
        client.upload(WALK)
    assert_no_key(caught.value)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="refuse_json", reason="An item with this hash already exists (ids: 7)"),
        Fault(kind="status", status=400, reason="An item with this hash already exists (ids: 7)"),
        Fault(kind="status", status=409, reason="An item with this hash already exists (ids: 7)"),
    ],
    ids=["success false", "400", "409"],
)
def test_a_duplicate_is_one_however_it_is_told(
    client: Client, studio: LocalStudio, fault: Fault
) -> None:
    studio.faults.add(fault)
    receipt = client.upload(WALK)
    assert (receipt.ok, receipt.is_duplicate) == (False, True)


def test_a_wrong_key_is_refused_without_being_shown(studio: LocalStudio) -> None:
    wrong = KEY[::-1].replace("_ie", "")
    with connect(studio.url, f"ei_{wrong}") as client:
        assert wrong not in repr(client) + client.place
        with pytest.raises(IngestionError, match="401") as caught:
            client.upload(WALK)
    assert_no_key(caught.value, wrong)
    assert len(studio.requests) == 1


def test_a_key_of_another_form_is_refused_before_any_request() -> None:
    with pytest.raises(InvalidInputError) as caught:
        Client("secret")
    assert "secret" not in str(caught.value)


def test_a_service_that_never_answers_ends_at_the_deadline(
    client: Client, studio: LocalStudio
) -> None:
    studio.faults.add(Fault(kind="never"))
    started = time.monotonic()
    with pytest.raises(DeadlineError) as caught:
        client.upload(WALK, deadline=started + 0.3)
    assert time.monotonic() - started < 5
    assert_no_key(caught.value)


def test_a_deadline_in_the_past_sends_nothing(client: Client, studio: LocalStudio) -> None:
    with pytest.raises(DeadlineError):
        client.upload(WALK, deadline=time.monotonic() - 1)
    assert not studio.requests


def test_a_service_that_is_gone_is_an_error() -> None:
    with LocalStudio() as studio:
        url = studio.url
    with connect(url) as client, pytest.raises(IngestionError) as caught:
        client.upload(WALK)
    assert_no_key(caught.value)


def test_a_file_that_changes_on_the_way_does_not_arrive(
    client: Client, project: LocalProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(bytes(300_000))
    opened = Path.open

    def growing(self: Path, *arguments: Any) -> Any:
        if self == path:
            with opened(self, "ab") as file:
                file.write(b"more")
        return opened(self, *arguments)

    monkeypatch.setattr(Path, "open", growing)
    with pytest.raises(InvalidInputError, match="changes while it is uploaded"):
        client.upload(Sample("a.wav", path=path))
    assert not project.samples
    monkeypatch.undo()
    arrived(client, project, Sample("a.wav", path=path))


def test_many_threads_share_a_client_and_its_connections(
    studio: LocalStudio, project: LocalProject
) -> None:
    samples = [Sample(f"{i}.csv", b"%d" % i, label=str(i)) for i in range(60)]
    with connect(studio.url, concurrency=4) as client, ThreadPoolExecutor(12) as pool:
        receipts = list(pool.map(client.upload, samples))
    assert [receipt.filename for receipt in receipts] == [sample.filename for sample in samples]
    assert {(stored.filename, stored.label) for stored in project.samples} == {
        (sample.filename, sample.label) for sample in samples
    }
    assert studio.connection_count <= 4


def test_a_closed_client_says_so(client: Client, studio: LocalStudio) -> None:
    client.close()
    client.close()
    with pytest.raises(IngestionError, match="closed"):
        client.upload(WALK)
    assert not studio.requests


def test_closing_wakes_up_who_waits_for_another_attempt(
    studio: LocalStudio, project: LocalProject
) -> None:
    studio.faults.add(Fault(kind="not_json"))
    patient = Retries(attempts=3, base=1000, longest=1000)
    client = Client(KEY, hosts=Hosts(ingestion=studio.url), retries=patient)
    with ThreadPoolExecutor(1) as pool:
        upload = pool.submit(client.upload, WALK)
        while not studio.requests and not upload.done():
            pass
        client.close()
        with pytest.raises(IngestionError):
            upload.result(timeout=30)


class Answers(ThreadingHTTPServer):
    """Answers each request with one document, as a service that we do not know might."""

    def __init__(self) -> None:
        self.status, self.body, self.kind = 200, b"", "application/json"
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Answers

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.status)
        self.send_header("Content-Type", self.server.kind)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def answers() -> Iterator[Answers]:
    with Answers() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def verdict(answers: Answers, document: Any, status: int = 200) -> Receipt:
    answers.status, answers.body = status, json.dumps(document).encode()
    with connect(answers.url) as client:
        return client.upload(WALK)


GOOD = {"success": True, "sampleId": 7, "fileName": "x"}
BAD = {"success": False, "error": "It is\nbroken"}
AGAIN = {"success": False, "error": "An item with this hash already exists (ids: 12, 13)"}


@pytest.mark.parametrize(
    ("files", "ok", "message", "sample_id", "is_duplicate"),
    [([GOOD], True, "", 7, False), ([BAD], False, "It is broken", None, False),
     ([AGAIN], False, AGAIN["error"], 12, True), ([GOOD, GOOD], True, "", 7, False),
     ([GOOD, BAD], False, "It is broken", 7, False), ([GOOD, AGAIN], True, "", 7, False),
     ([AGAIN, BAD], False, f"{AGAIN['error']}; It is broken", 12, True),
     ([{"success": True}], True, "", None, False),
     ([{"success": False}], False, "no reason given", None, False)],
)  # fmt: skip
def test_the_verdicts_of_the_files_are_read(
    answers: Answers, files: Any, ok: bool, message: str, sample_id: Any, is_duplicate: bool
) -> None:
    for success in (True, False):
        receipt = verdict(answers, {"success": success, "files": files})
        assert receipt == Receipt("walk.csv", ok, message, sample_id, is_duplicate)


@pytest.mark.parametrize(
    "document",
    [{"success": True}, {"success": True, "files": []}, {"success": True, "files": {}}, [], None,
     {"success": True, "files": ["x"]}, {"success": True, "files": [{"success": "yes"}]}],
)  # fmt: skip
def test_answers_without_a_verdict_are_errors(answers: Answers, document: Any) -> None:
    with pytest.raises(IngestionError, match="no verdict on it; it may or may not have arrived"):
        verdict(answers, document)


@pytest.mark.parametrize("status", [400, 413, 415, 422, 431])
def test_statuses_about_the_sample_are_verdicts(answers: Answers, status: int) -> None:
    receipt = verdict(answers, {"success": False, "error": f"No {KEY} here"}, status)
    assert not receipt.ok
    assert receipt.message.startswith(f"{status} ")
    assert receipt.message.endswith(": No *** here")


@pytest.mark.parametrize("status", [401, 403, 404, 421])
def test_other_statuses_are_errors(answers: Answers, status: int) -> None:
    with pytest.raises(IngestionError, match=f"{status} .*: Not for") as caught:
        verdict(answers, {"success": False, "error": f"Not for {KEY}"}, status)
    assert_no_key(caught.value)


def test_keys_in_the_words_of_the_service_are_not_passed_on(answers: Answers) -> None:
    said = {"success": False, "error": f"x-api-key: {KEY}"}
    assert verdict(answers, {"success": True, "files": [said]}).message == "x-api-key: ***"


def test_the_environment_says_where_and_who(
    studio: LocalStudio, project: LocalProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**studio.environment, "EI_API_KEY": KEY}.items():
        monkeypatch.setenv(name, value)
    with Client() as client:
        assert client.upload(WALK).ok
        assert client.place.startswith(studio.url)


def test_places_differ_by_key_and_host() -> None:
    hosts = Hosts(ingestion="https://ingestion.example.com")
    keys = KEY, KEY[:-1] + "0"
    places = [Client(key, hosts=one).place for key in keys for one in (hosts, Hosts())]
    assert len(set(places)) == 4
    assert not any(key[3:] in place for key in keys for place in places)


def test_what_is_no_sample_is_refused(client: Client) -> None:
    path: Any = "a.wav"
    with pytest.raises(InvalidInputError, match="the sample is 'a.wav', expected an ei_runner_cor"):
        client.upload(path)


def test_hosts_that_are_none_are_refused() -> None:
    hosts: Any = "x"
    with pytest.raises(InvalidInputError, match="hosts is 'x', expected Hosts, such as of Hosts"):
        Client(KEY, hosts=hosts)
