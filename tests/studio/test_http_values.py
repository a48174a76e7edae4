"""Keys, hosts and retries: the values that requests are made with."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import msgspec
import pytest

from ei_runner_core._http import Hosts, Retries, Secret, parse_retry_after, redact
from ei_runner_core._http.hosts import variable_behind
from ei_runner_core.errors import InvalidInputError

KEY = "ei_" + "0123456789abcdef" * 4
SECRET = Secret(KEY)


class Holder(msgspec.Struct):
    secret: Secret


@pytest.mark.parametrize(
    "show",
    [repr, str, format, "{}".format, "{:>20}".format, "%s".__mod__, lambda s: f"{s!r}{s}",
     lambda s: repr([s]), lambda s: repr({"key": s}), lambda s: repr(Holder(s)), dir],
)  # fmt: skip
def test_a_secret_does_not_show(show):
    assert KEY not in str(show(SECRET))


@pytest.mark.parametrize(
    "store",
    [pickle.dumps, json.dumps, msgspec.json.encode, vars, lambda s: pickle.dumps(Holder(s)),
     lambda s: msgspec.json.encode(Holder(s)), lambda s: pickle.dumps(s, 0)],
)  # fmt: skip
def test_a_secret_cannot_be_stored(store):
    with pytest.raises((TypeError, NotImplementedError)) as error:
        store(SECRET)
    assert KEY not in str(error.value)


def test_secrets_can_be_compared_and_copied():
    assert Secret("é") == Secret("é") != Secret("e")
    assert SECRET != KEY
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert copy.deepcopy(Holder(SECRET)).secret == copy.copy(SECRET) == SECRET
    assert SECRET.reveal() == KEY


def test_a_text_of_others_loses_its_keys():
    other = "ei_" + "f" * 64
    text = f"{KEY} x{KEY}y {other}/hmac-key, not ei_runner or ei_"
    assert redact(text, SECRET, Secret("hmac-key"), Secret(""), None) == (
        "*** x***y ***/***, not ei_runner or ei_"
    )


# Hosts.

CLOUD = ("https://studio.edgeimpulse.com/v1", "https://ingestion.edgeimpulse.com")


@pytest.mark.parametrize(
    ("host", "studio", "ingestion"),
    [
        ("", *CLOUD),
        ("edgeimpulse.com", *CLOUD),
        ("studio.edgeimpulse.com", *CLOUD),
        (" Studio.EdgeImpulse.com/ ", *CLOUD),
        ("acme.com", "https://studio.acme.com/v1", "https://ingestion.acme.com"),
        ("studio.acme.com", "https://studio.acme.com/v1", "https://ingestion.acme.com"),
        ("127.0.0.1", "http://127.0.0.1:4800/v1", "http://127.0.0.1:4810"),
        ("192.168.1.5", "http://192.168.1.5:4800/v1", "http://192.168.1.5:4810"),
        ("localhost", "http://localhost:4800/v1", "http://localhost:4810"),
        ("host.docker.internal", "http://host.docker.internal:4800/v1",
         "http://host.docker.internal:4810"),
        ("[::1]", "http://[::1]:4800/v1", "http://[::1]:4810"),
        ("[::1]:9", "http://[::1]:9/v1", "http://[::1]:9"),
        ("127.0.0.1:8123", "http://127.0.0.1:8123/v1", "http://127.0.0.1:8123"),
        ("localhost:8123", "http://localhost:8123/v1", "http://localhost:8123"),
        ("acme.com:8443", "https://acme.com:8443/v1", "https://acme.com:8443"),
        ("http://acme.com", "http://acme.com/v1", "http://acme.com"),
        ("https://acme.com/ei/", "https://acme.com/ei/v1", "https://acme.com/ei"),
        ("http://127.0.0.1:80/v1", "http://127.0.0.1:80/v1", "http://127.0.0.1:80"),
        ("http://8.8.8.8:4800", "http://8.8.8.8:4800/v1", "http://8.8.8.8:4800"),
    ],
)  # fmt: skip
def test_a_host_stands_for_both_services(host, studio, ingestion):
    assert Hosts.find({"EI_HOST": host}) == Hosts(studio, ingestion)
    assert Hosts.find({"EDGE_IMPULSE_STUDIO_HOST": host}) == Hosts(studio, ingestion)


def test_whole_urls_win():
    assert Hosts.find({"EI_HOST": "acme.com", "EI_API_ENDPOINT": "http://x:1/v1/"}) == Hosts(
        "http://x:1/v1", "https://ingestion.acme.com"
    )
    both = {"EI_API_ENDPOINT": "http://x:1/v1", "EI_INGESTION_ENDPOINT": "https://y"}
    assert Hosts.find({"EI_HOST": "nonsense!!", **both}) == Hosts("http://x:1/v1", "https://y")
    assert Hosts.find({"EI_HOST": "a.com", "EDGE_IMPULSE_STUDIO_HOST": "b.com"}) == Hosts.find(
        {"EI_HOST": "a.com"}
    )


@pytest.mark.parametrize(
    ("environment", "studio", "ingestion"),
    [
        ({}, None, None),
        ({"EI_HOST": "a.com"}, "EI_HOST", "EI_HOST"),
        ({"EDGE_IMPULSE_STUDIO_HOST": "a.com"}, *["EDGE_IMPULSE_STUDIO_HOST"] * 2),
        ({"EI_HOST": "a.com", "EI_API_ENDPOINT": "http://x:1/v1"}, "EI_API_ENDPOINT", "EI_HOST"),
        ({"EI_INGESTION_ENDPOINT": "http://x:1"}, None, "EI_INGESTION_ENDPOINT"),
    ],
)
def test_the_variable_that_leads_to_a_service_is_known(environment, studio, ingestion):
    hosts = Hosts.find(environment)
    assert variable_behind(hosts.studio, environment) == studio
    assert variable_behind(hosts.ingestion, environment) == ingestion
    assert variable_behind("http://127.0.0.1:9", environment) is None
    assert variable_behind(hosts.studio, {"EI_HOST": "nonsense!!"}) is None


def test_what_was_written_is_quoted():
    with pytest.raises(InvalidInputError, match="EI_HOST is 'ht tp', expected a host"):
        Hosts.find({"EI_HOST": "ht tp"})


@pytest.mark.parametrize("variable", ["EI_HOST", "EDGE_IMPULSE_STUDIO_HOST"])
@pytest.mark.parametrize(
    "text",
    ["a b", "acme.com:port", "acme.com:0", "acme.com:99999", "acme.com/path", "http://", "ftp://x",
     "//x", "ä.com", "a?b", "a#b", "me:hidden@acme.com", "https://me:hidden@acme.com", "[::1",
     ":80", "a\nb", "x\\y", "8.8.8.8", "8.8.8.8:80", "[2606:4700::1]",
     "https://x?key=" + KEY, "-",
     "a..b"],
)  # fmt: skip
def test_nonsense_is_refused(variable, text):
    with pytest.raises(InvalidInputError, match=f"^{variable} is ") as error:
        Hosts.find({variable: text})
    assert "hidden" not in str(error.value)
    assert KEY not in str(error.value)


@pytest.mark.parametrize("variable", ["EI_API_ENDPOINT", "EI_INGESTION_ENDPOINT"])
@pytest.mark.parametrize("text", ["acme.com", "localhost:4800", "file:///x", "https://", "http:/x"])
def test_an_endpoint_must_be_a_url(variable, text):
    with pytest.raises(InvalidInputError, match=f"^{variable} is "):
        Hosts.find({variable: text})


# Retries.


def test_pauses_grow_up_to_the_longest_and_differ():
    retries = Retries(base=1, longest=8)
    bounds = [max(retries.pause(attempt) for _ in range(400)) for attempt in (1, 2, 3, 4, 5, 9999)]
    assert all(x / 2 < found <= x for found, x in zip(bounds, (1, 2, 4, 8, 8, 8), strict=True))


def test_no_pause_is_shorter_than_the_service_asks_for():
    pauses = [Retries(base=0.1).pause(1, 3.0) for _ in range(100)]
    assert 3.0 <= min(pauses) < max(pauses) <= 3.1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("", None), ("soon", None), ("-1", None), ("1.5", None), ("٣", None),
     ("²", None),
     ("0", 0), (" 7 ", 7),
     ("9" * 400, 86400), ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
     ("Wed, 21 Oct 2099 07:28:00 GMT", 86400), ("Wed, 99 Oct 2015", None), (",", None)],
)  # fmt: skip
def test_retry_after_is_bounded(header, seconds):
    assert parse_retry_after(header) == seconds


def test_retry_after_can_be_a_date():
    soon = datetime.now(timezone.utc) + timedelta(seconds=100)
    assert parse_retry_after(format_datetime(soon, usegmt=True)) == pytest.approx(99, abs=5)


def test_the_package_is_light_until_it_is_used():
    code = (
        "import sys, ei_runner_core._http, ei_runner_core.cli.login; "
        "print({'requests', 'urllib3', 'msgspec'} & set(sys.modules) or 'light')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "light"
