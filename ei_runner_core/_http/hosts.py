"""Where Edge Impulse's services are: in the cloud, or where the environment says."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

import msgspec

from ..errors import InvalidInputError
from .secrets import redact

__all__ = ["Hosts", "variable_behind"]

CLOUD = "edgeimpulse.com"
HOST_VARIABLES = ("EI_HOST", "EDGE_IMPULSE_STUDIO_HOST")
STUDIO_VARIABLE = "EI_API_ENDPOINT"
INGESTION_VARIABLE = "EI_INGESTION_ENDPOINT"
_VARIABLES = (*HOST_VARIABLES, STUDIO_VARIABLE, INGESTION_VARIABLE)
STUDIO_PORT = 4800  # of an installation without a name of its own, as in the official clients
INGESTION_PORT = 4810
_LOCAL_NAMES = ("localhost", "host.docker.internal")
_LABEL = r"\w(?:[\w-]*\w)?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*|[\da-f.:]*:[\da-f.:]*", re.ASCII)  # or IPv6
_EXPECTED = "expected a host such as edgeimpulse.com or a URL such as https://studio.example.com"


class Hosts(msgspec.Struct, frozen=True):
    """The URLs of the two services, without a slash at the end.

    Attributes:
        studio: of the API of Studio, with its version.
        ingestion: of the ingestion service.
    """

    studio: str = f"https://studio.{CLOUD}/v1"
    ingestion: str = f"https://ingestion.{CLOUD}"

    @classmethod
    def find(cls, environment: Mapping[str, str] | None = None) -> Hosts:
        """The hosts that the environment names, else Edge Impulse's cloud.

        ``EI_API_ENDPOINT`` and ``EI_INGESTION_ENDPOINT`` are whole URLs and win. ``EI_HOST`` or
        ``EDGE_IMPULSE_STUDIO_HOST`` is a domain, a host, ``host:port`` or a URL that serves both.

        Args:
            environment: the variables; ``None`` takes those of the process.

        Raises:
            InvalidInputError: a variable holds something else, or would send keys unencrypted.
        """
        variables = os.environ if environment is None else environment
        given = _given(variables)
        studio = _url(given, STUDIO_VARIABLE)
        ingestion = _url(given, INGESTION_VARIABLE)
        if studio and ingestion:
            return cls(studio, ingestion)
        host = next((name for name in HOST_VARIABLES if name in given), None)
        hosts = cls() if host is None else _of_host(given[host], host)
        return cls(studio or hosts.studio, ingestion or hosts.ingestion)


def variable_behind(url: str, environment: Mapping[str, str] | None = None) -> str | None:
    """The variable that makes a URL that of a service; ``None`` if it does not come from one."""
    variables = os.environ if environment is None else environment
    try:
        hosts = Hosts.find(variables)
    except InvalidInputError:
        return None
    own = {hosts.ingestion: INGESTION_VARIABLE, hosts.studio: STUDIO_VARIABLE}
    if url not in own:
        return None
    given = _given(variables)
    return next((name for name in (own[url], *HOST_VARIABLES) if name in given), None)


def _given(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name in _VARIABLES if (text := variables.get(name, "").strip())}


def _url(given: Mapping[str, str], variable: str) -> str | None:
    return _checked_url(given[variable], variable) if variable in given else None


def _of_host(text: str, variable: str) -> Hosts:
    if "://" in text:
        url = _checked_url(text, variable).removesuffix("/v1")
        return Hosts(studio=f"{url}/v1", ingestion=url)
    host, port = _host_and_port(text, variable)
    is_local = _is_local(host, variable)
    if port is not None:
        url = f"{'http' if is_local else 'https'}://{host}:{port}"
        return Hosts(studio=f"{url}/v1", ingestion=url)
    if is_local:
        return Hosts(
            studio=f"http://{host}:{STUDIO_PORT}/v1", ingestion=f"http://{host}:{INGESTION_PORT}"
        )
    domain = host.removeprefix("studio.")
    return Hosts(studio=f"https://studio.{domain}/v1", ingestion=f"https://ingestion.{domain}")


def _host_and_port(text: str, variable: str) -> tuple[str, int | None]:
    parts = _split(f"//{text}", variable, text)
    if parts.path not in ("", "/"):
        raise _problem(variable, text)
    host = parts.hostname or ""
    return (f"[{host}]" if ":" in host else host), parts.port


def _checked_url(text: str, variable: str) -> str:
    parts = _split(text, variable, text)
    if parts.scheme not in ("http", "https"):
        raise _problem(variable, text)
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def _split(url: str, variable: str, text: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_sound = bool(_NAME.fullmatch(parts.hostname or "")) and parts.port != 0
    except ValueError:
        raise _problem(variable, text) from None
    is_plain = text.isascii() and text.isprintable() and not set(" @?#\\") & set(text)
    if not is_sound or not is_plain:
        raise _problem(variable, text)
    return parts


def _problem(variable: str, text: str) -> InvalidInputError:
    shown = "***" if "@" in text else redact(text[:100])  # a URL can hold a password
    return InvalidInputError(f"{variable} is {shown!r}, {_EXPECTED}")


def _is_local(host: str, variable: str) -> bool:
    """Whether plain HTTP stays within reach: the key must not cross the internet unencrypted."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host in _LOCAL_NAMES
    if address.is_global:
        raise InvalidInputError(
            f"{variable} is the public address {host}, where the key would travel unencrypted; "
            f"write the whole URL: https://{host}"
        )
    return True
