"""The ingestion service of the local Studio: what it takes, what it refuses, what it keeps."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import cbor2
import pytest
import requests

from ei_runner_core.testing.studio import LocalStudio

GOLDEN = Path(__file__).parents[1] / "golden" / "requests"
RECORDED = json.loads((GOLDEN / "uploads.json").read_text("utf-8"))
VECTORS = json.loads((GOLDEN / "signed-vectors.json").read_text("utf-8"))["vectors"]
KEY = "0123456789abcdef"
VALUES = [[1, 2], [3, 4], [5, 6]]


@pytest.fixture(scope="module")
def studio():
    with LocalStudio() as studio:
        yield studio


@pytest.fixture
def project(studio):
    return studio.add_project(hmac_key=KEY)


@pytest.fixture
def post(studio, project):
    """Posts to the service with the project's key."""

    def send(path, **options):
        headers = {"x-api-key": project.api_key} | options.pop("headers", {})
        return requests.post(f"{studio.url}{path}", headers=headers, timeout=30, **options)

    return send


@pytest.fixture
def upload(post, project):
    """Uploads files; gives the verdict of the first one."""

    def send(*files, category="training", **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = post(f"/api/{category}/files", files=[("data", f) for f in files], headers=named)
        return reply.json()["files"][0]

    return send


def sidecar(name, kind, key, told):
    return (f"{name}.labels", json.dumps({"version": 1, "type": kind, key: told}))


def boxes(told):
    return sidecar("bounding_boxes", "bounding-box-labels", "boundingBoxes", told)


def spans(told):
    return sidecar("structured_labels", "structured-labels", "structuredLabels", told)


def label_map(told):
    return sidecar("label_map", "label-map-labels", "labels", told)


def span(start, end, label="a", **more):
    return {"startIndex": start, "endIndex": end, "label": label, **more}


def document(alg="HS256", signature="0" * 64, **payload):
    return {
        "protected": {"ver": "v1", "alg": alg, "iat": 1},
        "signature": signature,
        "payload": {
            "device_type": "TEST",
            "interval_ms": 10,
            "sensors": [{"name": "x", "units": "N/A"}, {"name": "y", "units": "N/A"}],
            "values": VALUES,
            **payload,
        },
    }


def sign(content, key=KEY):
    signature = hmac.new(key.encode(), content, hashlib.sha256).hexdigest()
    return content.replace(b"0" * 64, signature.encode(), 1)


class TestFiles:
    def test_a_file_is_stored_as_it_came(self, upload, project):
        verdict = upload(("idle.1.wav", b"RIFF\r\n--x", "audio/wav"), category="testing")
        (sample,) = project.samples
        assert verdict["success"] is True
        assert (verdict["sampleId"], verdict["projectId"]) == (sample.id, project.id)
        assert (sample.filename, sample.category) == ("idle.1.wav", "testing")
        assert (sample.content, sample.content_type) == (b"RIFF\r\n--x", "audio/wav")
        assert sample.sha256 == hashlib.sha256(b"RIFF\r\n--x").hexdigest()

    def test_each_of_several_files_gets_a_verdict(self, post, project):
        files = [("data", ("a.json", b"{")), ("data", ("b.csv", b"1")), ("data", ("c.csv", b""))]
        reply = post("/api/training/files", files=files)
        assert reply.status_code == 200
        assert [told["success"] for told in reply.json()["files"]] == [False, True, True]
        assert [sample.filename for sample in project.samples] == ["b.csv", "c.csv"]

    def test_a_duplicate_is_refused_if_that_is_asked_for(self, upload, project):
        first = upload(("a.csv", b"1"))["sampleId"]
        verdict = upload(("b.csv", b"1"), x_disallow_duplicates="1")
        assert verdict["error"] == f"An item with this hash already exists (ids: {first})"
        second = upload(("c.csv", b"1"))["sampleId"]
        verdict = upload(("d.csv", b"1"), category="testing", x_disallow_duplicates="1")
        assert verdict["error"].endswith(f"(ids: {first}, {second})")
        assert len(project.samples) == 2

    def test_an_equal_file_of_another_project_is_no_duplicate(self, studio, upload, post):
        upload(("a.csv", b"1"))
        other = studio.add_project().api_key
        headers = {"x-api-key": other, "x-disallow-duplicates": "1"}
        files = [("data", ("a.csv", b"1"))]
        assert post("/api/training/files", files=files, headers=headers).json()["files"][0][
            "success"
        ]

    def test_a_body_in_chunks_is_understood(self, post, project):
        reply = post(
            "/api/training/data", data=iter([b"1,", b"2"]), headers={"x-file-name": "a.csv"}
        )
        assert reply.status_code == 200
        assert project.samples[0].content == b"1,2"

    def test_a_name_can_be_made_unique(self, upload, project):
        upload(("a.csv", b"1"), x_add_date_id="1")
        assert re.fullmatch(r"a\.csv\.[a-z0-9]+", project.samples[0].filename)

    def test_the_sender_is_kept(self, upload, project):
        upload(("a.csv", b"1"), x_upload_source="TEST")
        assert project.samples[0].source == "TEST"

    @pytest.mark.parametrize(
        ("path", "headers", "status"),
        [
            ("/api/training/files", {"x-api-key": "ei_wrong"}, 401),
            ("/api/training/files", {"x-api-key": ""}, 401),
            ("/api/nowhere/files", {}, 400),
            ("/api/training/files", {"Content-Type": "multipart/form-data"}, 400),
            ("/api/training/files", {"Content-Type": "text/plain"}, 400),
            ("/api/training/files", {"Content-Type": "multipart/form-data; boundary=other"}, 400),
        ],
    )
    def test_what_is_no_upload_is_refused(self, post, project, path, headers, status):
        body = b'--x\r\nContent-Disposition: form-data; name="data"; filename="a"\r\n\r\n1\r\n--x--'
        headers = {"Content-Type": "multipart/form-data; boundary=x"} | headers
        reply = post(path, data=body, headers=headers)
        assert (reply.status_code, reply.json()["success"]) == (status, False)
        assert project.samples == []

    def test_half_a_form_is_refused(self, post, project):
        body = b'--x\r\nContent-Disposition: form-data; name="data"; filename="a"\r\n\r\n1\r\n--'
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        assert post("/api/training/files", data=body, headers=headers).status_code == 400

    def test_a_form_without_files_is_refused(self, post):
        reply = post("/api/training/files", files=[boxes({})])
        assert (reply.status_code, reply.json()["error"]) == (400, "No files were sent")

    def test_too_large_a_file_is_refused(self, upload):
        verdict = upload(("a.wav", bytes(100 * 1024 * 1024)))
        assert verdict["error"] == "File size exceeds the maximum of 100MB"


class TestLabels:
    @pytest.mark.parametrize(
        ("filename", "label"),
        [("idle.1.wav", "idle"), ("left hand_2-b.csv", "left hand_2-b"), ("ä.csv", None)],
    )
    def test_a_label_is_made_of_the_name(self, upload, project, filename, label):
        upload((filename, b"1"))
        assert project.samples[0].label == label

    @pytest.mark.parametrize(
        ("sent", "label"), [("K%C3%A4se%2050%25", "Käse 50%"), ("50%", "50%"), ("", "")]
    )
    def test_a_label_is_decoded(self, upload, project, sent, label):
        upload(("idle.1.wav", b"1"), x_label=sent)
        assert project.samples[0].label == label

    def test_a_sample_may_be_unlabeled(self, upload, project):
        upload(("idle.1.wav", b"1"), x_label="", x_no_label="1")
        assert project.samples[0].label is None

    @pytest.mark.parametrize("told", [{"room": "kitchen"}, ["a", "b"]])
    def test_there_may_be_several_labels(self, upload, project, told):
        upload(("a.csv", b"1"), label_map({"a.csv": told}))
        held = project.samples[0].labels
        assert held == (told if isinstance(told, dict) else tuple(told))

    def test_labels_that_are_no_strings_are_refused(self, upload):
        assert upload(("a.csv", b"1"), label_map({"a.csv": {"room": 1}}))["success"] is False


class TestSidecars:
    def test_metadata_is_kept(self, upload, project):
        upload(("a.csv", b"1"), x_metadata='{"site": "K\\u00f6ln"}')
        assert project.samples[0].metadata == {"site": "Köln"}

    @pytest.mark.parametrize("metadata", ["[]", "{"])
    def test_metadata_that_is_no_object_is_refused(self, upload, metadata):
        assert upload(("a.csv", b"1"), x_metadata=metadata)["success"] is False

    def test_boxes_are_kept_for_their_file(self, upload, project):
        box = {"label": "car", "x": 1, "y": 2.5, "width": 3, "height": 4}
        upload(
            ("a.png", b"1"), ("b.png", b"2"), ("c.png", b"3"), boxes({"a.png": [box], "b.png": []})
        )
        assert [s.bounding_boxes for s in project.samples] == [(box,), (), None]

    def test_boxes_may_come_in_a_header(self, upload, project):
        box = {"label": "cät", "x": 1, "y": 2, "width": 3, "height": 4}
        upload(("a.png", b"1"), x_bounding_boxes=json.dumps([box]))
        assert project.samples[0].bounding_boxes == (box,)

    @pytest.mark.parametrize(
        "change", [{"width": 0}, {"height": -1}, {"x": None}, {"label": None}, {"y": True}]
    )
    def test_a_box_that_is_none_is_refused(self, upload, project, change):
        box = {"label": "car", "x": 1, "y": 2, "width": 3, "height": 4} | change
        assert upload(("a.png", b"1"), boxes({"a.png": [box]}))["success"] is False
        assert project.samples == []

    def test_structured_labels_are_kept(self, upload, project):
        told = [span(0, 1, labelMap={"k": "v"}), span(2, 2, "b", labelMap={"k": "w"})]
        upload(("a.json", json.dumps(document("none"))), spans({"a.json": told}))
        assert project.samples[0].structured_labels == tuple(told)

    @pytest.mark.parametrize(
        "told",
        [
            [],
            [span(1, 2)],
            [span(0, 0), span(2, 2)],
            [span(0, 1)],
            [span(0, 3)],
            [span(0, 2.0)],
            [span(0, 2, None)],
            [span(0, 0, labelMap={"k": "v"}), span(1, 2)],
            [span(1, 0), span(0, 2)],
        ],
        ids=str,
    )
    def test_structured_labels_that_do_not_cover_are_refused(self, upload, project, told):
        held = json.dumps(document("none"))
        assert upload(("a.json", held), spans({"a.json": told}))["success"] is False
        assert project.samples == []

    def test_structured_labels_may_overlap(self, upload):
        told = [span(0, 1), span(1, 2, "b")]
        held = json.dumps(document("none"))
        assert upload(("a.json", held), spans({"a.json": told}))["success"]

    def test_attachments_belong_to_their_sample(self, upload, project):
        told = sidecar(
            "attachments", "attachments", "attachments", {"a.csv": [{"filename": "b.png"}]}
        )
        upload(("a.csv", b"1"), ("b.png", b"2"), told)
        (sample,) = project.samples
        assert sample.attachments == {"b.png": b"2"}

    def test_an_attachment_that_is_missing_is_refused(self, upload):
        told = sidecar(
            "attachments", "attachments", "attachments", {"a.csv": [{"filename": "b.png"}]}
        )
        assert upload(("a.csv", b"1"), told)["error"] == "Attachment b.png was not sent"

    @pytest.mark.parametrize(
        "told",
        [
            ("bounding_boxes.labels", b"{"),
            ("bounding_boxes.labels", b'{"version": 2, "type": "bounding-box-labels"}'),
            sidecar("info", "unheard-of", "files", {}),
            sidecar("attachments", "attachments", "attachments", {"a.csv": ["b.png"]}),
        ],
    )
    def test_a_broken_sidecar_refuses_all(self, post, project, told):
        files = [("data", ("a.csv", b"1")), ("data", told)]
        assert post("/api/training/files", files=files).status_code == 400
        assert project.samples == []


class TestData:
    def test_a_file_comes_without_a_form(self, post, project):
        headers = {"x-file-name": "gr%C3%BCn%201.csv", "Content-Type": "text/csv; charset=utf-8"}
        reply = post("/api/anomaly/data", data=b"1,2", headers=headers)
        assert reply.headers["Content-Type"].startswith("text/plain")
        assert reply.text.startswith("grün 1.csv")
        (sample,) = project.samples
        assert (sample.filename, sample.category, sample.content_type) == (
            "grün 1.csv",
            "anomaly",
            "text/csv",
        )

    @pytest.mark.parametrize(
        ("headers", "status"), [({}, 421), ({"x-file-name": "a.csv", "x-api-key": "ei_wrong"}, 401)]
    )
    def test_reasons_are_plain_text(self, post, headers, status):
        reply = post("/api/training/data", data=b"1", headers=headers)
        assert reply.status_code == status
        assert reply.headers["Content-Type"].startswith("text/plain")

    def test_a_duplicate_is_refused(self, post):
        headers = {"x-file-name": "a.csv", "x-disallow-duplicates": "1"}
        statuses = [post("/api/training/data", data=b"1", headers=headers) for _ in range(2)]
        assert [reply.status_code for reply in statuses] == [200, 400]
        assert "already exists" in statuses[1].text


class TestSplit:
    def test_the_content_decides(self, upload, project):
        for number in range(200):
            upload((f"{number}.csv", str(number).encode()), category="split")
        for sample in project.samples:
            digest = hashlib.md5(sample.content).hexdigest().lstrip("f")
            assert sample.category == ("testing" if digest[0] in "cde" else "training")
        assert 20 <= sum(sample.category == "testing" for sample in project.samples) <= 60


class TestSignatures:
    @pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
    def test_official_documents_are_valid(self, post, project, vector):
        project.hmac_key = vector["hmac_key"]
        content = base64.b64decode(vector["signed_bytes_base64"])
        for held in (content, content[:-1] + b" }"):
            headers = {"x-file-name": "a.json", "Content-Type": "application/json"}
            post("/api/training/data", data=held, headers=headers)
        assert [sample.has_valid_signature for sample in project.samples] == [True, False]

    @pytest.mark.parametrize(("key", "is_valid"), [(KEY, True), ("another", False)])
    def test_documents_in_cbor_are_verified(self, upload, project, key, is_valid):
        upload(("a.cbor", sign(cbor2.dumps(document()), key), "application/cbor"))
        assert project.samples[0].has_valid_signature is is_valid

    @pytest.mark.parametrize(
        ("held", "is_valid"),
        [
            (document(), False),
            (document(signature=None), False),
            (document(signature="ä" * 64), False),
            (document("none"), None),
            ({"protected": None, "payload": {}}, None),
            ({"no": "document"}, None),
        ],
    )
    def test_a_wrong_signature_is_stored_too(self, upload, project, held, is_valid):
        assert upload(("a.json", json.dumps(held)))["success"]
        assert project.samples[0].has_valid_signature is is_valid

    @pytest.mark.parametrize("name", ["a.json", "a.cbor"])
    def test_a_broken_document_is_refused(self, upload, project, name):
        assert upload((name, b"\xff\x00 neither"))["error"] in ("Invalid JSON", "Invalid CBOR")
        assert project.samples == []


class TestOfficialClients:
    @pytest.mark.parametrize("sent", RECORDED["uploads"], ids=lambda upload: upload["name"])
    def test_their_requests_are_taken(self, studio, project, sent):
        reply = replay(studio.url, project.api_key, sent)
        assert all(told["success"] for told in reply["files"])
        (sample,) = project.samples
        first, *others = sent["parts"]
        headers = {name: raw(value) for name, value in sent["headers"].items()}
        assert sample.content == content(first)
        assert sample.category in sent["path"] or "/split/" in sent["path"]
        assert sample.metadata == json.loads(headers.get("x-metadata", "{}"))
        if "x-no-label" in headers:
            assert sample.label is None
        elif "x-label" in headers:
            assert sample.label == unquote(headers["x-label"])
        for part in others:
            assert_is_kept(sample, part)


def assert_is_kept(sample, part):
    """What the part tells about the sample is what the sample has."""
    told = part.get("json")
    if told is None:
        assert content(part) in sample.attachments.values()
    elif told["type"] == "bounding-box-labels":
        assert list(sample.bounding_boxes) == told["boundingBoxes"][sample.filename]
    elif told["type"] == "structured-labels":
        assert list(sample.structured_labels) == told["structuredLabels"][sample.filename]
    elif told["type"] == "label-map-labels":
        assert sample.labels == told["labels"][sample.filename]
    else:
        names = [entry["filename"] for entry in told["attachments"][sample.filename]]
        assert list(sample.attachments) == names


def replay(url, key, sent):
    """Send a recorded request byte by byte, as no client of Python would."""
    target = urlsplit(url)
    body = b"".join(b"--x\r\n" + written(part) + b"\r\n" for part in sent["parts"]) + b"--x--"
    client = http.client.HTTPConnection(target.hostname, target.port, timeout=30)
    client.putrequest("POST", sent["path"])
    for name, value in (sent["headers"] | {"x-api-key": key}).items():
        client.putheader(name, raw(value).encode("latin-1"))
    client.putheader("Content-Type", "multipart/form-data; boundary=x")
    client.putheader("Content-Length", str(len(body)))
    client.endheaders(body)
    reply = json.loads(client.getresponse().read())
    client.close()
    return reply


def written(part):
    head = f"Content-Disposition: {part['disposition']}\r\nContent-Type: {part['content_type']}"
    return head.encode() + b"\r\n\r\n" + content(part)


def content(part):
    if "json" in part:
        return json.dumps(part["json"]).encode()
    return base64.b64decode(RECORDED["contents"][part["sha256"]])


def raw(value):
    """Undo how the recording shows bytes that are no UTF-8."""
    return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), value)
