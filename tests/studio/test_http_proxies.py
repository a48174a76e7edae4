"""The way to the services: through proxies, and only to whom they trust."""

from __future__ import annotations

import os
from contextlib import ExitStack

import pytest
from scripted_http import ScriptedServer, cut, make_certificate, reply, success

from ei_runner_core._http import HttpClient, Retries, Secret
from ei_runner_core.errors import StudioError

KEY = "ei_" + "0123456789abcdef" * 4
QUICK = Retries(attempts=2, base=0.001)
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE",
             "CURL_CA_BUNDLE")  # fmt: skip


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def serve():
    with ExitStack() as stack:
        yield lambda *answers, **options: stack.enter_context(
            ScriptedServer(list(answers), **options)
        )


@pytest.fixture
def talk_to():
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(
            HttpClient(url, key=Secret(KEY), failure=StudioError, retries=QUICK)
        )


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    found = make_certificate(tmp_path_factory.mktemp("tls"))
    return found or pytest.skip("there is no openssl to make a certificate with")


def problem_of(error):
    assert error.value.__cause__ is None
    assert error.value.__context__ is None
    assert KEY not in str(error.value)
    return str(error.value)


def test_a_proxy_of_the_environment_is_used(serve, talk_to, monkeypatch):
    proxy = serve(success())
    monkeypatch.setenv("HTTP_PROXY", f"http://me:hidden@127.0.0.1:{proxy.port}")
    talk_to("http://studio.example.test/v1").get_json("/api/projects")
    (request,) = proxy.requests
    assert request.target == "http://studio.example.test/v1/api/projects"
    assert request.headers["proxy-authorization"].startswith("Basic ")


def test_a_host_without_proxy_is_asked_directly(serve, talk_to, monkeypatch):
    proxy, server = serve(success()), serve(success())
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    talk_to(server.url).get_json("/")
    assert (len(server.requests), proxy.requests) == (1, [])


def test_a_proxy_never_sees_the_key_of_a_secure_request(serve, talk_to, monkeypatch):
    proxy = serve(reply(502))
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:hidden@127.0.0.1:{proxy.port}")
    with pytest.raises(StudioError, match=r"the proxy failed: .*502.*after 2 attempts") as error:
        talk_to("https://studio.example.test/v1").get_json("/")
    assert "hidden" not in problem_of(error)
    assert {request.method for request in proxy.requests} == {"CONNECT"}
    assert KEY not in repr(proxy.requests)


def test_a_proxy_that_wants_a_password_is_told_at_once(serve, talk_to, monkeypatch):
    proxy = serve(reply(407))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    with pytest.raises(StudioError, match=r"the proxy failed: .*407") as error:
        talk_to("https://studio.example.test/v1").get_json("/")
    assert problem_of(error)
    assert len(proxy.requests) == 1


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1",
        "nonsense://x:y",
        "http://me:hidden@[/",
        "http://[",
        "socks5://127.0.0.1:1",
    ],
)
@pytest.mark.parametrize("url", ["http://studio.example.test", "https://studio.example.test"])
def test_a_proxy_that_cannot_be_used_is_one_line(talk_to, monkeypatch, address, url):
    monkeypatch.setenv("ALL_PROXY", address)
    with pytest.raises(StudioError, match=r"proxy|SOCKS") as error:
        talk_to(url).get_json("/")
    assert "hidden" not in problem_of(error)


def test_an_untrusted_certificate_is_refused_before_the_key_is_sent(serve, talk_to, certificate):
    server = serve(success(), certificate=certificate)
    with pytest.raises(StudioError, match="its certificate is not trusted: self") as error:
        talk_to(server.url).get_json("/")
    assert "REQUESTS_CA_BUNDLE" in problem_of(error)
    assert server.requests == []


def test_a_certificate_for_another_host_is_refused(serve, talk_to, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    server = serve(success(), certificate=certificate)
    with pytest.raises(StudioError, match="its certificate is not trusted") as error:
        talk_to(server.url.replace("127.0.0.1", "localhost")).get_json("/")
    assert problem_of(error)


def test_an_own_authority_can_be_named(serve, talk_to, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", os.fspath(certificate[0]))
    server = serve(success(), certificate=certificate)
    client = talk_to(server.url)
    client.get_json("/")
    client.request("POST", "/", body=b"x" * 200_000)
    assert len(server.requests[1].body) == 200_000
    assert server.connections == 1


def test_a_service_without_tls_is_told_at_once(serve, talk_to):
    server = serve(cut(), greeting=b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(StudioError, match="no secure connection: ") as error:
        talk_to(server.url.replace("http:", "https:")).get_json("/")
    assert problem_of(error)


def test_a_redirect_never_leads_from_https_to_http(serve, talk_to, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    plain = serve(success())
    server = serve(reply(302, Location=f"{plain.url}/"), certificate=certificate)
    with pytest.raises(StudioError, match="302 Status: it redirects"):
        talk_to(server.url).request("GET", "/", allow_redirects=True)
    assert plain.requests == []
