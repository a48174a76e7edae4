from __future__ import annotations

import gc
import io
import json
import logging
import signal
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import repeat
from time import monotonic

import pytest
from scripted_http import (
    ScriptedServer,
    cut,
    cut_body,
    never,
    raw,
    refusing_port,
    reply,
    success,
    trickle,
)

from ei_runner_core._http import (
    AnswerCut,
    HttpClient,
    OutcomeUnknown,
    Retries,
    Secret,
    parse_retry_after,
    read_chunks,
    transport,
)
from ei_runner_core.errors import (
    DeadlineError,
    EdgeImpulseError,
    IngestionError,
    InvalidInputError,
    StudioError,
)

KEY = "ei_" + "0123456789abcdef" * 4
QUICK = Retries(base=0.001, longest=0.002)
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module", autouse=True)
def nothing_leaks():
    yield
    gc.collect()  # what was not closed warns, and warnings are errors


@pytest.fixture
def talk_to():
    """Makes clients of a URL."""
    with ExitStack() as stack:

        def start(url, **options):
            options = {"key": Secret(KEY), "failure": StudioError, "retries": QUICK, **options}
            return stack.enter_context(HttpClient(url, **options))

        yield start


@pytest.fixture
def serve():
    """Starts servers with their answers."""
    with ExitStack() as stack:
        yield lambda *answers, **options: stack.enter_context(
            ScriptedServer(list(answers), **options)
        )


@pytest.fixture
def talk(serve, talk_to):
    """Starts a server with its answers, and a client of it."""

    def start(*answers, reads_bodies=True, **options):
        server = serve(*answers, reads_bodies=reads_bodies)
        return server, talk_to(server.url, **options)

    return start


def soon(seconds=0.3):
    return monotonic() + seconds


def problem_of(error):
    """The one line of an error, once it is sure that nothing of the key hangs on to it."""
    problem = error.value
    assert problem.__cause__ is None
    assert problem.__context__ is None
    assert KEY not in f"{problem} {problem!r} {vars(problem)}"
    assert "\n" not in str(problem)
    return str(problem)


def test_a_document_is_asked_for_with_key_and_query(talk):
    server, client = talk(success(projects=[]))
    query = {"impulseId": 1, "type": "zip é", "all": True, "none": None}
    document = client.get_json("/api/projects", query=query, headers={"accept": "*/*"})
    assert document == {"success": True, "projects": []}
    (request,) = server.requests
    assert request.target == "/api/projects?impulseId=1&type=zip+%C3%A9&all=true"
    assert request.headers["x-api-key"] == KEY
    assert request.headers["user-agent"].startswith("ei-runner/")


def test_a_document_is_posted(talk):
    server, client = talk(success(id=7))
    assert client.post_json("/jobs", {"engine": "tflite"})["id"] == 7
    (request,) = server.requests
    assert (request.method, json.loads(request.body)) == ("POST", {"engine": "tflite"})
    assert request.headers["content-type"] == "application/json"


def test_a_client_without_a_key_sends_none(talk):
    server, client = talk(success(), key=None)
    client.get_json("/")
    assert "x-api-key" not in server.requests[0].headers


def test_the_answer_that_is_returned_no_longer_holds_the_key(talk):
    _, client = talk(success())
    response = client.request("GET", "/")
    assert KEY not in repr(response.request.headers)


def test_one_connection_serves_many_requests(talk):
    answers = [success(), reply(500), reply(404), reply(200, b"plain"), reply(201)]
    chunked = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    server, client = talk(*answers, chunked, success())
    for _ in range(8):
        client.request("GET", "/", accept=(404,))
    assert (len(server.requests), server.connections) == (9, 1)


def test_many_threads_share_the_connections(talk):
    server, client = talk(success(), connections=3)
    with ThreadPoolExecutor(12) as pool:
        documents = list(pool.map(lambda _: client.get_json("/"), range(120)))
    assert len(documents) == len(server.requests) == 120
    assert server.connections <= 3


def test_a_thread_waits_no_longer_than_its_deadline_for_a_connection(talk):
    server, client = talk(never, connections=1)
    busy = threading.Thread(target=_ignoring_errors, args=(client, soon(1.5)))
    busy.start()
    while not server.requests:
        pass
    with pytest.raises(DeadlineError, match="the time is up") as error:
        client.get_json("/", deadline=soon(0.1))
    busy.join()
    assert problem_of(error)


def _ignoring_errors(client, deadline):
    with pytest.raises(DeadlineError):
        client.get_json("/", deadline=deadline)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_failure_that_passes_is_not_noticed(talk, status):
    server, client = talk(reply(status), reply(status), success())
    client.get_json("/")
    assert len(server.requests) == 3


@pytest.mark.parametrize("answer", [cut(), cut(b"HTTP/1.1 20"), cut_body(b"{", 100), cut(b"x\r\n")])
def test_a_broken_connection_is_not_noticed(talk, answer):
    server, client = talk(answer, answer, success())
    client.get_json("/")
    assert len(server.requests) == 3


def test_a_failure_that_stays_tells_how_often_it_was_tried(talk):
    said = reply(503, {"success": False, "error": f"down\nfor {KEY} and ei_{'f' * 64}"})
    server, client = talk(said)
    with pytest.raises(StudioError) as error:
        client.get_json("/api/1", query={"token": "hidden"})
    assert problem_of(error) == (
        f"GET 127.0.0.1:{server.port}/api/1: 503 Status: down for *** and *** "
        "(after 6 attempts); try again later"
    )
    assert len(server.requests) == 6


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 501])
def test_what_the_service_refuses_is_not_sent_again(talk, status):
    server, client = talk(reply(status, {"error": "because"}), failure=IngestionError)
    with pytest.raises(IngestionError, match=f"{status} Status: because") as error:
        client.get_json("/")
    assert ("check the API key" in problem_of(error)) == (status in (401, 403))
    assert len(server.requests) == 1


def test_a_refused_connection_is_one_line(talk_to):
    with refusing_port() as port:
        client = talk_to(f"http://127.0.0.1:{port}")
        with pytest.raises(StudioError, match=r"refused \(after 6 attempts\)") as error:
            client.request("POST", "/", json={})
    assert "check the network" in problem_of(error)


def test_a_host_that_does_not_exist_is_one_line(talk_to):
    client = talk_to("http://no-such-host.invalid", retries=Retries(attempts=1))
    with pytest.raises(StudioError, match="no connection") as error:
        client.get_json("/")
    assert problem_of(error)


@pytest.mark.parametrize("status", [429, 503])
def test_a_request_that_was_not_taken_is_sent_again_even_if_unsafe(talk, status):
    server, client = talk(reply(status, Retry_After="0"), success())
    client.post_json("/", {})
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "answer", [reply(500), reply(502), reply(504), cut(), cut(b"HTTP/1.1 2"), cut_body(b"{", 9)]
)
def test_an_unsafe_request_that_may_have_been_taken_is_not_sent_again(talk, answer):
    server, client = talk(answer)
    with pytest.raises(OutcomeUnknown) as error:
        client.post_json("/", {})
    assert problem_of(error).startswith(f"POST 127.0.0.1:{server.port}/: ")
    assert len(server.requests) == 1
    assert not issubclass(OutcomeUnknown, EdgeImpulseError)


def test_a_caller_can_say_that_a_request_is_safe(talk):
    server, client = talk(cut(), reply(500), success())
    client.post_json("/", {}, is_safe=True)
    assert len(server.requests) == 3


def test_a_caller_can_take_a_status_as_an_answer(talk):
    _, client = talk(reply(416, b"range"))
    response = client.request("GET", "/", accept=(404, 416))
    assert (response.status_code, response.content) == (416, b"range")


def test_what_the_caller_is_handling_is_not_taken_for_the_cause(talk):
    server, client = talk(cut(), success())
    try:
        raise ssl.SSLCertVerificationError(1, "of another connection")
    except OSError:
        assert client.get_json("/") == {"success": True}
    assert len(server.requests) == 2


def test_a_long_reason_is_shortened_without_cutting_a_key_that_it_holds(talk):
    for said in (reply(400, {"error": "x" * 290 + KEY}), reply(200, {"error": "x" * 990 + KEY})):
        _, client = talk(said)
        with pytest.raises(StudioError, match=r"xxx\*\*\*$") as error:
            client.get_json("/")
        assert "ei_" not in problem_of(error)


def test_a_closed_client_sends_nothing(talk):
    server, client = talk(success())
    client.close()
    with pytest.raises(StudioError, match="the client was closed"):
        client.get_json("/")
    assert server.requests == []


def test_a_key_of_another_form_is_taken_out_as_well(talk):
    _, client = talk(reply(200, {"error": "what is ei_short-key?"}), key=Secret("ei_short-key"))
    with pytest.raises(StudioError, match=r"what is \*\*\*\?$"):
        client.get_json("/")


# Bodies.


def test_bytes_are_sent_with_their_length(talk):
    server, client = talk(success())
    client.request("POST", "/", body=b"x" * 300_000)
    client.request("POST", "/", body=b"")
    assert [request.headers["content-length"] for request in server.requests] == ["300000", "0"]
    assert server.requests[0].body == b"x" * 300_000


def test_a_body_is_made_anew_for_each_attempt_and_its_file_closed(talk):
    files = []

    def make():
        files.append(io.BytesIO(b"content"))
        return files[-1]

    server, client = talk(reply(503), cut(), success())
    client.request("POST", "/", body=make, is_safe=True)
    assert [request.body for request in server.requests] == [b"content"] * 3
    assert len(files) == 3
    assert all(file.closed for file in files)
    assert server.requests[0].headers["content-length"] == "7"


def test_an_iterator_is_sent_in_chunks(talk):
    server, client = talk(success())
    client.request("POST", "/", body=lambda: iter([b"ab", b"", b"c"]))
    client.request("POST", "/", body=lambda: iter(()))
    assert [request.body for request in server.requests] == [b"abc", b""]


@pytest.mark.parametrize("kind", [OSError, DeadlineError, ValueError, KeyboardInterrupt])
def test_an_error_of_the_body_passes_through(talk, kind):
    def pieces():
        yield b"first"
        raise kind("mine")

    server, client = talk(success())
    with pytest.raises(kind, match="mine") as error:
        client.request("POST", "/", body=pieces, is_safe=True)
    assert error.value.__cause__ is None
    assert KEY not in repr(error.value.__context__)
    assert len(server.requests) <= 1


def test_a_service_that_stops_reading_does_not_hold_a_body_beyond_its_deadline(talk):
    class Endless:
        closed = False

        def read(self, size):
            return b"x" * size

        def __len__(self):
            return 1 << 40

        def close(self):
            Endless.closed = True

    _, client = talk(never, reads_bodies=False)
    start = monotonic()
    with pytest.raises(DeadlineError):
        client.request("POST", "/", body=Endless, is_safe=True, deadline=soon())
    assert monotonic() - start < 3
    assert Endless.closed


def test_a_body_without_end_ends_at_the_deadline(talk):
    _, client = talk(success())
    with pytest.raises(DeadlineError, match="the time is up") as error:
        client.request("POST", "/", body=lambda: repeat(b"x" * 99), is_safe=True, deadline=soon())
    assert problem_of(error)


# Documents.


@pytest.mark.parametrize("status", [200, 201])
def test_success_false_is_a_failure_under_any_status(talk, status):
    said = reply(status, {"success": False, "error": f"no such project {KEY}"})
    _, client = talk(said)
    with pytest.raises(StudioError, match=r"/api/1: no such project \*\*\*$") as error:
        client.get_json("/api/1")
    assert problem_of(error)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[1]", b'"x"', b"{}", b'{"success": 1}', b"\xff", b"[" * 100_000]
)
def test_what_is_no_document_is_a_failure(talk, body):
    server, client = talk(reply(200, body))
    with pytest.raises(StudioError) as error:
        client.get_json("/")
    assert len(problem_of(error)) < 400
    assert len(server.requests) == 1


@pytest.mark.parametrize("packing", ["identity", "gzip"])
def test_a_gigantic_document_is_refused(talk, packing, monkeypatch):
    import gzip

    monkeypatch.setattr(transport, "LARGEST_ANSWER", 1 << 20)
    body = b"[" + b" " * (8 << 20) + b"]"
    content = gzip.compress(body) if packing == "gzip" else body
    server, client = talk(reply(200, content, Content_Encoding=packing))
    with pytest.raises(StudioError, match="larger than 1 MiB") as error:
        client.get_json("/")
    assert problem_of(error)
    assert len(server.requests) == 1


def test_a_gigantic_error_is_not_read_to_its_end(talk):
    head = b"HTTP/1.1 400 Status\r\nContent-Type: text/plain\r\n\r\n"
    _, client = talk(trickle(head, b"x" * 100_000))
    with pytest.raises(StudioError, match="400 Status: xxx") as error:
        client.get_json("/", deadline=soon(10))
    assert len(problem_of(error)) < 500


def test_damaged_compression_is_a_broken_answer(talk):
    damaged = reply(200, b"no gzip", Content_Encoding="gzip")
    _, client = talk(damaged, success())
    assert client.get_json("/") == {"success": True}


# Deadlines.


@pytest.mark.parametrize(
    "answer",
    [
        never,
        trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
        trickle(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        trickle(b"HTTP/1.1 200 OK\r\nX-", b"y"),
        trickle(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        trickle(b"HTTP/1.1 500 Bad\r\nContent-Length: 100000\r\n\r\n"),
        reply(503),
    ],
)
def test_no_answer_takes_longer_than_the_deadline(talk, answer):
    retries = Retries(attempts=1_000_000, base=0.01, longest=0.01)
    _, client = talk(answer, retries=retries)
    start = monotonic()
    with pytest.raises(DeadlineError) as error:
        client.get_json("/", deadline=soon())
    assert monotonic() - start < 2
    assert problem_of(error)


def test_a_silent_service_is_asked_again_within_the_deadline(talk):
    server, client = talk(never, success(), read_timeout=0.1)
    client.get_json("/", deadline=soon(5))
    assert len(server.requests) == 2


def test_a_deadline_in_the_past_sends_nothing(talk):
    server, client = talk(success())
    with pytest.raises(DeadlineError, match="the time is up") as error:
        client.get_json("/", deadline=monotonic() - 1)
    assert problem_of(error)
    assert server.requests == []


def test_a_short_deadline_does_not_shorten_the_next_request(talk):
    big = reply(200, {"success": True, "x": "y" * 200_000})
    server, client = talk(big)
    for _ in range(3):
        client.get_json("/", deadline=soon(1))
    client.request("POST", "/", body=b"x" * 2_000_000)
    assert server.connections == 1


@pytest.mark.parametrize(
    "after", ["7", "86400", "99999999999999999999", "Wed, 21 Oct 2099 07:28:00 GMT"]
)
def test_a_retry_after_beyond_the_deadline_ends_at_once(talk, after):
    _, client = talk(reply(429, Retry_After=after))
    start = monotonic()
    with pytest.raises(DeadlineError, match=r"asks to wait .* s are left: 429") as error:
        client.get_json("/", deadline=soon(5))
    assert monotonic() - start < 1
    assert problem_of(error)


@pytest.mark.parametrize("after", ["0", "-5", "soon", "", "Wed, 21 Oct 2015 07:28:00 GMT", "1e9"])
def test_a_retry_after_that_is_over_or_means_nothing_is_no_wait(talk, after):
    server, client = talk(reply(429, Retry_After=after), success())
    client.get_json("/", deadline=soon(5))
    assert len(server.requests) == 2


def test_a_retry_after_is_kept(talk):
    _, client = talk(reply(503, Retry_After="1"), success())
    start = monotonic()
    client.get_json("/", deadline=soon(5))
    assert 1 <= monotonic() - start < 3


def test_closing_wakes_up_who_waits_for_another_attempt(talk):
    _, client = talk(reply(503, Retry_After="60"))
    timer = threading.Timer(0.1, client.close)
    timer.start()
    with pytest.raises(StudioError, match="the client was closed") as error:
        client.get_json("/")
    timer.join()
    assert problem_of(error)


# Streams.


def test_a_stream_is_read_piece_by_piece(talk):
    content = bytes(range(256)) * 1000
    server, client = talk(reply(200, content))
    response = client.request("GET", "/", stream=True)
    pieces = list(read_chunks(response, 1000))
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= 1000
    list(read_chunks(client.request("GET", "/", stream=True)))
    assert server.connections == 1


def test_a_stream_that_is_cut_gives_what_came(talk):
    _, client = talk(cut_body(b"abc", 10))
    pieces = read_chunks(client.request("GET", "/", stream=True), 2)
    assert next(pieces) + next(pieces) == b"abc"
    with pytest.raises(AnswerCut):
        next(pieces)


def test_a_stream_ends_at_its_deadline(talk):
    slow = trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    _, client = talk(slow)
    start = monotonic()
    response = client.request("GET", "/", stream=True, deadline=soon())
    with pytest.raises(AnswerCut, match="in time"):
        list(read_chunks(response))
    assert monotonic() - start < 2


def test_a_stream_that_is_left_is_closed(talk):
    _, client = talk(reply(200, b"x" * 5_000_000))
    pieces = read_chunks(client.request("GET", "/", stream=True))
    next(pieces)
    pieces.close()
    client.request("GET", "/", stream=True).close()


# Redirects.


def test_a_redirect_is_followed_without_the_key_to_another_origin(serve, talk):
    other = serve(reply(200, b"model"))
    _, client = talk(reply(302, Location=f"{other.url}/file?signature=s"))
    headers = {"Range": "bytes=1-", "X-JWT-Token": KEY}
    response = client.request("GET", "/d", query={"a": "b"}, headers=headers, allow_redirects=True)
    assert response.content == b"model"
    (request,) = other.requests
    assert request.target == "/file?signature=s"
    assert request.headers["range"] == "bytes=1-"
    assert KEY not in repr(request)


def test_a_redirect_on_the_same_origin_keeps_the_key(talk):
    server, client = talk(reply(307, Location="/else"), success())
    client.get_json("/", allow_redirects=True)
    assert [r.headers["x-api-key"] for r in server.requests] == [KEY, KEY]


def test_the_key_does_not_come_back_on_the_way_home(serve, talk):
    home, client = talk(success())
    other = serve(reply(302, Location=f"{home.url}/back"))
    home.answers[:0] = [reply(302, Location=f"{other.url}/")]
    client.get_json("/", allow_redirects=True)
    assert ["x-api-key" in request.headers for request in home.requests] == [True, False]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_that_was_not_asked_for_is_a_failure(serve, talk, method, monkeypatch):
    other = serve(success())
    server, client = talk(reply(307, Location=f"{other.url}/"))
    monkeypatch.setenv("EI_API_ENDPOINT", server.url)
    with pytest.raises(StudioError, match=r"it redirects to 127.0.0.1; check EI_API_ENDPOINT$"):
        client.request(method, "/", allow_redirects=method == "POST")
    assert other.requests == []


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("EI_API_ENDPOINT", "check the network, its proxies and EI_API_ENDPOINT"),
        ("EI_INGESTION_ENDPOINT", "check the network, its proxies and EI_INGESTION_ENDPOINT"),
        ("EI_HOST", "check the network, its proxies and EI_HOST"),
        ("NO_SUCH_HOST", "check the network and its proxies"),
    ],
)
def test_only_the_variable_that_was_used_is_blamed(talk_to, monkeypatch, variable, hint):
    for name in ("EI_HOST", "EDGE_IMPULSE_STUDIO_HOST", "EI_API_ENDPOINT", "EI_INGESTION_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    with refusing_port() as port:
        address = f"http://127.0.0.1:{port}"
        monkeypatch.setenv(variable, address)
        client = talk_to(f"{address}/v1" if variable == "EI_HOST" else address)
        with pytest.raises(StudioError) as caught:
            client.get_json("/")
    assert str(caught.value).endswith(f"; {hint}")


@pytest.mark.parametrize("target", ["/", "ftp://127.0.0.1/", "http://[", "file:///etc/passwd"])
def test_a_redirect_that_leads_nowhere_ends(talk, target):
    server, client = talk(reply(302, Location=target))
    with pytest.raises(StudioError, match="302 Status: it redirects") as error:
        client.get_json("/", allow_redirects=True, deadline=soon(5))
    assert problem_of(error)
    assert len(server.requests) <= 6


# What must not happen.


def test_netrc_and_cookies_add_nothing(talk, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server, client = talk(reply(200, b"", Set_Cookie="jwt=x; Path=/"))
    client.request("GET", "/")
    client.request("GET", "/")
    assert not {"authorization", "cookie"} & server.requests[1].headers.keys()


def test_the_logs_do_not_show_the_key(talk, caplog):
    caplog.set_level(logging.DEBUG)
    _, client = talk(reply(503), cut(), success())
    client.get_json("/")
    assert caplog.records
    assert KEY not in caplog.text


def test_an_interrupt_passes_at_once(talk):
    def interrupted(peer):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        return never(peer)

    _, client = talk(interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    start = monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            client.get_json("/", deadline=soon(10))
    finally:
        signal.signal(signal.SIGINT, before)
    assert monotonic() - start < 5


def test_a_key_that_no_header_can_hold_is_refused(talk_to):
    with pytest.raises(InvalidInputError) as error:
        talk_to("http://127.0.0.1:1", key=Secret("ei_a\nb"))
    assert "ei_a" not in str(error.value)


def test_a_setting_that_cannot_be_used_is_one_line(talk_to, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file.pem")
    with pytest.raises(StudioError, match=r"no/such/file.pem") as error:
        talk_to("https://127.0.0.1:1").get_json("/")
    assert problem_of(error)


def test_a_service_that_takes_its_time_to_read_is_waited_for():
    may_read = threading.Event()
    content = b"x" * (16 << 20)  # more than the buffers of the sockets hold
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)

        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(30)
                may_read.wait(30)
                left = len(content)
                while left > 0:
                    left -= len(connection.recv(1 << 20))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        with (
            ThreadPoolExecutor(1) as pool,
            HttpClient(
                f"http://127.0.0.1:{listener.getsockname()[1]}",
                key=None,
                failure=IngestionError,
                retries=Retries(attempts=1),
                connect_timeout=0.05,
                read_timeout=30.0,
            ) as client,
        ):
            served = pool.submit(serve)
            timer = threading.Timer(0.3, may_read.set)
            timer.start()
            assert client.request("POST", "/files", body=content).status_code == 200
            served.result(30)
            timer.join()


def test_a_service_that_says_nothing_is_asked_twice():
    with (
        ScriptedServer([never]) as server,
        HttpClient(
            server.url, key=None, failure=StudioError, retries=QUICK, read_timeout=0.1
        ) as client,
        pytest.raises(StudioError, match="no answer in time \\(after 2 attempts\\)"),
    ):
        client.request("GET", "/x")


@pytest.mark.parametrize("key", ["ei_my-secret-key-in-dashes-" + "7f3a" * 10, KEY])
def test_a_key_is_not_cut_out_of_sight(key):
    text = "a" * 280 + key
    answer = reply(400, json.dumps({"success": False, "error": text}).encode())
    with (
        ScriptedServer([answer]) as server,
        HttpClient(server.url, key=Secret(key), failure=StudioError) as client,
        pytest.raises(StudioError) as caught,
    ):
        client.request("GET", "/x")
    assert key[:18] not in str(caught.value)


def test_a_document_that_repeats_the_key_comes_without_it():
    body = json.dumps({"success": True, "names": [f"my {KEY}", {"a": KEY}], "n": 1}).encode()
    with (
        ScriptedServer([reply(200, body)]) as server,
        HttpClient(server.url, key=Secret(KEY), failure=StudioError) as client,
    ):
        document = client.get_json("/x")
    assert document == {"success": True, "names": ["my ***", {"a": "***"}], "n": 1}


def test_a_date_to_wait_for_counts_from_the_clock_of_the_service():
    date = "Mon, 23 Nov 2037 10:00:00 GMT"
    assert parse_retry_after("Mon, 23 Nov 2037 10:00:02 GMT", date) == 2
