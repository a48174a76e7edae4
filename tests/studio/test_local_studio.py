"""The local Studio: what it answers, what it keeps, and how it fails when it is told to."""

from __future__ import annotations

import hashlib
import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import urlsplit

import pytest
import requests
from processes import until

from ei_runner_core.testing.studio import (
    Fault,
    LocalBuild,
    LocalImpulse,
    LocalStudio,
    LocalTarget,
)

CONTENT = bytes(range(256)) * 8


@pytest.fixture
def studio():
    with LocalStudio() as studio:
        yield studio


@pytest.fixture
def project(studio):
    return studio.add_project()


@pytest.fixture
def session(project):
    with requests.Session() as session:
        session.headers["x-api-key"] = project.api_key
        session.trust_env = False
        yield session


@pytest.fixture
def call(studio, session, project):
    """Asks about the project; gives the reply."""

    def ask(path, method="GET", **options):
        return session.request(method, f"{studio.url}/v1/api/{project.id}{path}", **options)

    return ask


@pytest.fixture
def build(call):
    def start(target="zip", engine="tflite", query="", **wanted):
        path = f"/jobs/build-ondevice-model?type={target}{query}"
        return call(path, "POST", json={"engine": engine, **wanted}).json()

    return start


class TestConnections:
    def test_one_connection_serves_many_requests(self, studio, call):
        assert {call("/impulses").status_code for _ in range(20)} == {200}
        assert studio.connection_count == 1

    def test_requests_of_many_threads_are_answered_at_once(self, studio, project):
        studio.faults.add(Fault(kind="never"))
        pool = ThreadPoolExecutor(20)
        waiting = [pool.submit(requests.get, studio.url, timeout=30) for _ in range(20)]
        until(lambda: studio.most_requests_at_once == 20)
        studio.close()
        pool.shutdown()
        assert all(isinstance(w.exception(), requests.ConnectionError) for w in waiting)

    def test_closing_ends_connections_that_wait_for_a_request(self, studio, session, call):
        call("/impulses")
        studio.close()
        with pytest.raises(requests.ConnectionError):
            call("/impulses")

    def test_it_leaves_no_threads(self):
        before = threading.active_count()
        with LocalStudio() as studio, ThreadPoolExecutor(4) as pool:
            urls = [studio.url] * 8
            list(pool.map(lambda url: requests.get(url, timeout=30), urls))
        until(lambda: threading.active_count() == before)

    def test_it_can_be_closed_twice(self, studio):
        studio.close()
        studio.close()

    def test_a_client_that_leaves_in_the_middle_uploads_nothing(self, studio, project):
        target = urlsplit(studio.url)
        client = http.client.HTTPConnection(target.hostname, target.port, timeout=30)
        client.putrequest("POST", "/api/training/data")
        for name, value in (("x-api-key", project.api_key), ("x-file-name", "a.csv")):
            client.putheader(name, value)
        client.putheader("Content-Length", "100")
        client.endheaders(b"half")
        client.close()
        studio.close()
        assert project.samples == []

    def test_it_needs_no_pytest(self):
        code = (
            "import sys, ei_runner_core.testing.studio as studio; studio.LocalStudio().close();"
            "sys.exit('pytest' in sys.modules or 'numpy' in sys.modules)"
        )
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

    def test_it_runs_alone(self, tmp_path):
        (tmp_path / "model.zip").write_bytes(CONTENT)
        command = [sys.executable, "-m", "ei_runner_core.testing.studio", "--json"]
        with subprocess.Popen(
            [*command, "--build", f"zip={tmp_path / 'model.zip'}"], stdout=subprocess.PIPE
        ) as alone:
            told = json.loads(alone.stdout.readline())
            variables = told["environment"]
            project = f"{variables['EI_API_ENDPOINT']}/api/{variables['EI_PROJECT_ID']}"
            headers = {"x-api-key": variables["EI_API_KEY"]}
            reply = requests.get(f"{project}/impulses", headers=headers, timeout=30)
            alone.send_signal(signal.SIGTERM)
            assert alone.wait(30) == 0
        assert reply.json()["success"]

    def test_the_list_of_requests_holds_no_key(self, studio, project, call):
        call("?impulseId=1", headers={"x-jwt-token": "a-token"})
        (request,) = studio.requests
        assert (request.method, request.path) == ("GET", f"/v1/api/{project.id}")
        assert (request.query, request.status) == ({"impulseId": "1"}, 200)
        assert request.secret_headers == ("x-api-key", "x-jwt-token")
        assert project.api_key not in repr(studio.requests)
        assert "a-token" not in repr(studio.requests)

    def test_bodies_are_kept_when_asked_for(self):
        with LocalStudio(keep_bodies=True) as studio:
            requests.post(f"{studio.url}/api/training/data", b"1,2", timeout=30)
            assert [request.body for request in studio.requests] == [b"1,2"]


class TestAccess:
    @pytest.mark.parametrize("key", ["ei_wrong", ""])
    def test_a_wrong_key_is_refused(self, studio, project, key):
        headers = {"x-api-key": key}
        reply = requests.get(f"{studio.url}/v1/api/projects", headers=headers, timeout=30)
        assert reply.status_code == 401
        assert reply.json()["success"] is False

    def test_a_key_opens_its_own_project_only(self, studio, session, project):
        other = studio.add_project("other")
        reply = session.get(f"{studio.url}/v1/api/{other.id}")
        assert (reply.status_code, reply.json()["success"]) == (403, False)
        listed = session.get(f"{studio.url}/v1/api/projects").json()["projects"]
        assert [entry["id"] for entry in listed] == [project.id]

    def test_an_unknown_project_is_not_found(self, studio, session):
        reply = session.get(f"{studio.url}/v1/api/1/impulses")
        assert reply.status_code == 404
        assert reply.json() == {"success": False, "error": "Project not found"}

    def test_an_unknown_path_is_not_found(self, call):
        reply = call("/nothing")
        assert (reply.status_code, reply.json()["success"]) == (404, False)

    def test_a_wrong_method_is_refused(self, call):
        assert call("/impulses", "DELETE").status_code == 405

    def test_the_key_tells_its_project(self, studio, session, project):
        told = session.get(f"{studio.url}/v1/api/projects/api-key-info").json()
        assert told["projectId"] == project.id

    def test_the_hmac_key_is_told(self, call, project):
        assert call("/devkeys/hmac").json()["hmacKey"] == project.hmac_key
        assert call("/devkeys").json()["hmacKey"] == project.hmac_key

    def test_there_are_no_web_sockets(self, call):
        assert call("/socket-token").json()["success"] is False


class TestImpulses:
    def test_the_first_one_is_the_default(self, call, project):
        project.impulses = [LocalImpulse(4, "motion"), LocalImpulse(7, "sound", ("float32",))]
        assert call("").json()["defaultImpulseId"] == 4
        listed = call("/impulses").json()["impulses"]
        assert [(impulse["id"], impulse["name"]) for impulse in listed] == [
            (4, "motion"),
            (7, "sound"),
        ]

    @pytest.mark.parametrize(
        ("query", "expected"), [("", ["float32", "int8"]), ("?impulseId=7", ["float32"])]
    )
    def test_each_has_its_variants(self, call, project, query, expected):
        project.impulses.append(LocalImpulse(7, "sound", ("float32",)))
        told = call(f"/model-variants{query}").json()["modelVariants"]
        assert [variant["variant"] for variant in told] == expected

    def test_a_project_may_have_none(self, call, build, project):
        project.impulses.clear()
        assert "defaultImpulseId" not in call("").json()
        assert call("/impulses").json()["impulses"] == []
        assert build() == {"success": False, "error": "No impulse"}

    def test_an_unknown_one_is_refused_under_status_200(self, call):
        reply = call("/model-variants?impulseId=9")
        assert reply.status_code == 200
        assert reply.json() == {"success": False, "error": "No impulse with id 9"}

    def test_thresholds_are_kept(self, call, project):
        threshold = {"blockId": 3, "key": "min_score", "value": 0.5}
        call("/impulse/1/set-thresholds", "POST", json={"thresholds": [threshold]})
        assert project.impulses[0].thresholds == [threshold]


class TestBuilds:
    def test_a_build_can_be_downloaded(self, call, build, project):
        project.builds["zip"] = CONTENT
        job = build(modelType="float32")
        assert call(f"/jobs/{job['id']}/status").json()["job"]["finishedSuccessful"] is True
        assert call("/deployment?type=zip").json()["version"] == job["deploymentVersion"]
        path = f"/deployment/history/{job['deploymentVersion']}"
        assert call(f"{path}/download").content == CONTENT
        assert call("/deployment/download?type=zip&modelType=float32").content == CONTENT
        assert call(path).json()["deployment"]["modelType"] == "float32"

    def test_it_takes_as_many_polls_as_it_was_told(self, call, build, project):
        project.builds["zip"] = LocalBuild(CONTENT, polls=2)
        job = build()["id"]
        states = [call(f"/jobs/{job}/status").json()["job"] for _ in range(3)]
        assert ["finished" in state for state in states] == [False, False, True]

    def test_nothing_can_be_downloaded_before_it_is_finished(self, call, build, project):
        project.builds["zip"] = LocalBuild(CONTENT, seconds=3600)
        job = build()
        assert call("/deployment?type=zip").json() == {"success": True, "hasDeployment": False}
        reply = call(f"/deployment/history/{job['deploymentVersion']}/download")
        assert reply.json()["success"] is False
        assert call(f"/jobs/{job['id']}/stdout").json()["stdout"] == []

    def test_a_build_may_fail(self, call, build, project):
        project.builds["zip"] = LocalBuild(log=["one", ("error", "out of memory")], fails=True)
        job = build()["id"]
        assert call(f"/jobs/{job}/status").json()["job"]["finishedSuccessful"] is False
        assert call("/deployment?type=zip").json()["hasDeployment"] is False
        told = call(f"/jobs/{job}/stdout?logLevel=error").json()
        assert [line["data"] for line in told["stdout"]] == ["out of memory\n"]

    def test_the_last_lines_of_the_log_are_told_newest_first(self, call, build, project):
        project.builds["zip"] = LocalBuild(CONTENT, log=[str(i) for i in range(1500)])
        job = build()["id"]
        told = call(f"/jobs/{job}/stdout").json()
        assert (len(told["stdout"]), told["totalCount"]) == (1000, 1500)
        assert told["stdout"][0]["data"] == "1499\n"
        told = call(f"/jobs/{job}/stdout?limit=2").json()
        assert [line["data"] for line in told["stdout"]] == ["1499\n", "1498\n"]
        assert call(f"/jobs/{job}/stdout/download").text.startswith("0\n1\n")

    def test_a_build_can_be_canceled(self, call, build, project):
        project.builds["zip"] = LocalBuild(CONTENT, seconds=3600)
        job = build()["id"]
        assert call(f"/jobs/{job}/cancel?forceCancel=true", "POST").json()["success"]
        assert call(f"/jobs/{job}/status").json()["job"]["finishedSuccessful"] is False
        assert call(f"/jobs/{job}/cancel", "POST").json()["success"] is False

    def test_jobs_have_moments_with_a_time_zone(self, call, build, project):
        project.builds["zip"] = CONTENT
        job = call(f"/jobs/{build()['id']}/status").json()["job"]
        moments = [job[name] for name in ("created", "started", "finished")]
        assert all(datetime.fromisoformat(m.replace("Z", "+00:00")).tzinfo for m in moments)

    @pytest.mark.parametrize(
        ("wanted", "reason"),
        [
            ({"target": "toaster"}, "Unknown deployment type 'toaster'"),
            ({"target": "zip"}, "Nothing can be built for 'zip' here"),
            ({"target": "wasm"}, "Needs a license"),
            ({"engine": "akida"}, "Engine 'akida' is not supported by 'zip'"),
            ({"modelType": "akida"}, "Model type 'akida' is not available for this impulse"),
            ({"query": "&impulseId=3"}, "No impulse with id 3"),
        ],
    )
    def test_what_cannot_be_built_is_refused(self, build, project, wanted, reason):
        project.targets = [target for target in project.targets if target.format != "wasm"]
        project.targets.append(
            LocalTarget(format="wasm", name="WebAssembly", disabled_because="Needs a license")
        )
        assert build(**wanted) == {"success": False, "error": reason}

    def test_an_unknown_job_is_refused(self, call):
        assert call("/jobs/1/status").json()["success"] is False

    def test_a_public_project_is_built_without_a_key(self, studio, project):
        project.builds["zip"] = CONTENT
        public = f"{studio.url}/v1/api/{project.id}/deployment/public"
        wanted = {"deploymentType": "zip", "modelType": "int8"}
        assert requests.post(f"{public}/build", json=wanted, timeout=30).status_code == 404
        project.is_public = True
        job = requests.post(f"{public}/build", json=wanted, timeout=30).json()["jobId"]
        told = requests.get(f"{public}/jobs/{job}/status", timeout=30).json()
        assert told["job"]["finishedSuccessful"] is True

    def test_a_network_can_be_brought_along(self, call, project):
        project.builds["zip"] = CONTENT
        wanted = {"deploymentType": "zip", "modelFileBase64": "AA==", "modelFileType": "onnx"}
        reply = call("/jobs/deploy-pretrained-model", "POST", json=wanted).json()
        assert reply["success"]


class TestTargets:
    def test_they_are_listed_for_all_and_for_a_project(self, studio, call, project):
        everybody = requests.get(f"{studio.url}/v1/api/deployment/targets", timeout=30).json()
        assert {"zip", "runner-linux-x86_64"} <= {t["format"] for t in everybody["targets"]}
        project.targets = [LocalTarget(format="zip", name="C++ library")]
        for path in ("/deployment/targets", "/deployment/targets/data-sources?impulseId=1"):
            (target,) = call(path).json()["targets"]
            assert (target["format"], target["preferredEngine"]) == ("zip", "tflite")
            assert target["recommendedForProject"] is True

    def test_a_disabled_one_has_a_reason(self, call, project):
        project.targets = [LocalTarget(format="zip", name="C++", disabled_because="No model")]
        (target,) = call("/deployment/targets").json()["targets"]
        assert target["disabledForProject"] is True
        assert target["reasonTargetDisabled"] == "No model"


class TestDownloads:
    def test_the_newest_that_fits_is_meant(self, call, project):
        project.impulses.append(LocalImpulse(2, "second"))
        project.add_deployment("zip", b"one", engine="tflite-eon")
        project.add_deployment("zip", b"two", version=7)
        project.add_deployment("zip", b"three", impulse_id=2)
        query = "/deployment/download?type=zip"
        assert call(query).content == b"two"
        assert call(f"{query}&engine=tflite-eon").content == b"one"
        assert call(f"{query}&impulseId=2").content == b"three"
        assert call(f"{query}&modelType=float32").json()["success"] is False
        assert call("/deployment?type=zip&impulseId=2").json()["version"] == 8
        assert call("/deployment/last").json()["lastBuild"]["version"] == 8
        assert call("/deployment/last?impulseId=1").json()["lastBuild"]["version"] == 7

    def test_the_history_has_pages(self, call, project):
        for _ in range(4):
            project.add_deployment("zip", b"")
        project.add_deployment("arduino", b"")
        told = call("/deployment/history?deploymentFormat=zip&limit=2&offset=1").json()
        assert [entry["deploymentVersion"] for entry in told["deployments"]] == [3, 2]
        assert told["totalDeploymentCount"] == 4

    def test_a_project_without_builds_has_no_last_one(self, call):
        assert call("/deployment/last").json() == {"success": True, "hasBuild": False}

    def test_a_part_can_be_asked_for(self, call, project):
        project.add_deployment("zip", CONTENT)
        path = "/deployment/history/1/download"
        whole = call(path)
        assert whole.headers["Accept-Ranges"] == "bytes"
        assert whole.headers["Content-Length"] == str(len(CONTENT))
        part = call(path, headers={"Range": "bytes=2000-", "If-Range": whole.headers["ETag"]})
        assert (part.status_code, part.content) == (206, CONTENT[2000:])
        assert part.headers["Content-Range"] == f"bytes 2000-2047/{len(CONTENT)}"

    def test_another_content_comes_whole(self, call, project):
        project.add_deployment("zip", CONTENT)
        headers = {"Range": "bytes=2000-", "If-Range": '"of-yesterday"'}
        reply = call("/deployment/history/1/download", headers=headers)
        assert (reply.status_code, reply.content) == (200, CONTENT)

    def test_a_part_behind_the_end_is_refused(self, call, project):
        project.add_deployment("zip", CONTENT)
        reply = call("/deployment/history/1/download", headers={"Range": "bytes=2048-"})
        assert (reply.status_code, reply.headers["Content-Range"]) == (416, "bytes */2048")

    def test_parts_can_be_switched_off(self, call, project):
        project.add_deployment("zip", CONTENT)
        project.serves_ranges = False
        reply = call("/deployment/history/1/download", headers={"Range": "bytes=2000-"})
        assert (reply.status_code, reply.content) == (200, CONTENT)
        assert "Accept-Ranges" not in reply.headers

    def test_it_has_the_name_of_what_it_is(self, call, project):
        project.add_deployment("runner-linux-x86_64", CONTENT)
        reply = call("/deployment/download?type=runner-linux-x86_64")
        assert reply.headers["Content-Disposition"].endswith("-v1.eim")


class TestFaults:
    @pytest.fixture
    def fail(self, studio):
        def add(kind, **more):
            studio.faults.add(Fault(kind=kind, **more))

        return add

    def test_a_status_comes_with_a_pause(self, fail, call, studio, session):
        fail("status", status=429, retry_after=7, reason="Too fast", times=2)
        reply = call("/impulses")
        assert (reply.status_code, reply.headers["Retry-After"]) == (429, "7")
        assert reply.json() == {"success": False, "error": "Too fast"}
        assert session.post(f"{studio.url}/api/training/data").text == "Too fast"
        assert call("/impulses").status_code == 200

    def test_a_status_may_lead_elsewhere(self, fail, call):
        fail("status", status=302, headers={"Location": "http://127.0.0.1:1/"})
        reply = call("/impulses", allow_redirects=False)
        assert (reply.status_code, reply.headers["Location"]) == (302, "http://127.0.0.1:1/")

    def test_a_refusal_has_status_200(self, fail, call):
        fail("refuse_json", reason="Project is locked")
        reply = call("/impulses")
        assert (reply.status_code, reply.json()["error"]) == (200, "Project is locked")

    def test_an_answer_may_be_no_json(self, fail, call):
        fail("not_json")
        with pytest.raises(requests.JSONDecodeError):
            call("/impulses").json()

    @pytest.mark.parametrize(("kind", "stored"), [("cut_before", 0), ("cut_after", 1)])
    def test_a_connection_is_cut_before_or_after_the_request_is_taken(
        self, fail, studio, project, session, kind, stored
    ):
        fail(kind)
        headers = {"x-file-name": "a.csv"}
        with pytest.raises(requests.ConnectionError):
            session.post(f"{studio.url}/api/training/data", b"1" * 100_000, headers=headers)
        assert len(project.samples) == stored
        assert studio.requests[-1].status is None

    def test_a_connection_is_cut_in_the_middle_of_an_upload(self, fail, studio, project):
        fail("cut_before", size=10)
        target = urlsplit(studio.url)
        client = http.client.HTTPConnection(target.hostname, target.port, timeout=30)
        client.putrequest("POST", "/api/training/data")
        client.putheader("Content-Length", "100")
        client.endheaders(b"0123456789")
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            client.getresponse()
        client.close()

    def test_a_connection_is_cut_in_the_middle_of_a_download(self, fail, call, project):
        project.add_deployment("zip", CONTENT)
        fail("cut_body", size=1000, times=1)
        reply = call("/deployment/download?type=zip", stream=True)
        assert reply.headers["Content-Length"] == str(len(CONTENT))
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            _ = reply.content
        assert call("/deployment/download?type=zip").content == CONTENT

    def test_a_cut_download_can_be_resumed(self, fail, studio, project):
        project.add_deployment("zip", CONTENT)
        fail("cut_body", size=1000, times=1)
        target = urlsplit(studio.url)
        client = http.client.HTTPConnection(target.hostname, target.port, timeout=30)
        path = f"/v1/api/{project.id}/deployment/history/1/download"
        client.request("GET", path, headers={"x-api-key": project.api_key})
        with pytest.raises(http.client.IncompleteRead) as cut:
            client.getresponse().read()
        client.close()
        headers = {"x-api-key": project.api_key, "Range": f"bytes={len(cut.value.partial)}-"}
        client.request("GET", path, headers=headers)
        assert cut.value.partial + client.getresponse().read() == CONTENT
        client.close()

    def test_an_answer_may_never_come(self, fail, call, project):
        fail("never")
        with pytest.raises(requests.Timeout):
            call("/impulses", timeout=0.1)

    def test_an_answer_may_come_slowly(self, fail, call, project):
        project.add_deployment("zip", CONTENT)
        fail("slow", size=500, seconds=0.02)
        started = time.monotonic()
        assert call("/deployment/download?type=zip").content == CONTENT
        assert time.monotonic() - started >= 0.1

    def test_closing_ends_a_slow_answer(self, fail, studio, call, project):
        project.add_deployment("zip", CONTENT)
        fail("slow", size=1, seconds=3600)
        with call("/deployment/download?type=zip", stream=True):
            studio.close()

    def test_an_answer_may_be_corrupt(self, fail, call, project):
        project.add_deployment("zip", CONTENT)
        fail("corrupt", size=1000)
        reply = call("/deployment/download?type=zip")
        assert [a == b for a, b in zip(reply.content, CONTENT, strict=True)] == [
            not 1000 <= place < 1064 for place in range(len(CONTENT))
        ]

    def test_it_strikes_where_and_when_it_was_told(self, fail, call):
        fail("status", path="/impulses$", method="GET", skip=1, times=2)
        asked = [call("/impulses").status_code for _ in range(4)]
        assert asked == [200, 503, 503, 200]
        assert call("/devkeys").status_code == 200

    def test_a_share_of_the_requests_fails_and_always_the_same(self, studio, fail, call):
        seen = []
        for _ in range(2):
            studio.faults.clear()
            fail("status", share=0.2, seed=4)
            seen.append([call("/devkeys/hmac").status_code for _ in range(100)])
        assert seen[0] == seen[1]
        assert 10 <= seen[0].count(503) <= 30

    def test_it_is_noted_with_the_request(self, fail, studio, call):
        fail("cut_after", times=1)
        with pytest.raises(requests.ConnectionError):
            call("/impulses")
        call("/impulses")
        assert [request.fault and request.fault.kind for request in studio.requests] == [
            "cut_after",
            None,
        ]

    def test_an_unknown_kind_is_refused(self, fail):
        with pytest.raises(ValueError, match="unknown kind of fault 'explode'"):
            fail("explode")


def test_all_uploads_of_twenty_threads_are_stored_once(studio, project):
    contents = [str(number).encode() for number in range(200)] * 2

    def send(content):
        headers = {
            "x-api-key": project.api_key,
            "x-file-name": "a.csv",
            "x-disallow-duplicates": "1",
        }
        url = f"{studio.url}/api/training/data"
        return requests.post(url, content, headers=headers, timeout=30).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(send, contents))
    assert (statuses.count(200), statuses.count(400)) == (200, 200)
    stored = [sample.sha256 for sample in project.samples]
    assert sorted(stored) == sorted({hashlib.sha256(content).hexdigest() for content in contents})
    assert len({sample.id for sample in project.samples}) == 200
