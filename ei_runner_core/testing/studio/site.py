"""Answers each request as it should be, or as a fault wants it."""

from __future__ import annotations

from msgspec.structs import replace

from .exchange import Answer, refused, text_answer
from .faults import Fault, Faults
from .server import Exchange
from .service import Service
from .traffic import Traffic

__all__ = ["Site"]

_MOST_INVERTED = 64
_PAGE = Answer(200, b"<html><body>Bad gateway</body></html>", {"Content-Type": "text/html"})


class Site:
    """What the server shows: the services, with faults."""

    def __init__(self, service: Service, faults: Faults, traffic: Traffic) -> None:
        self._service = service
        self._faults = faults
        self._traffic = traffic

    def serve(self, exchange: Exchange) -> None:
        """Read one request and answer it, or not."""
        fault = self._faults.find(exchange.command, exchange.path.partition("?")[0])
        with self._traffic.counted():
            if fault is None:
                self._answer(exchange)
            elif fault.kind == "cut_before":
                self._traffic.note(exchange.read_head(), fault)
                exchange.skip_body(fault.size)
                exchange.cut()
            else:
                self._fail(exchange, fault)

    def _answer(self, exchange: Exchange) -> None:
        request = exchange.read_request()
        note = self._traffic.note(request, None)
        answer = self._service.answer(request)
        note.status = answer.status
        exchange.send(answer)

    def _fail(self, exchange: Exchange, fault: Fault) -> None:
        request = exchange.read_request()
        note = self._traffic.note(request, fault)
        if fault.kind == "never":
            exchange.wait()
            exchange.cut()
            return
        answer = _untaken(fault, request.path)
        if answer is None:
            answer = self._service.answer(request)
        if fault.kind == "cut_after":
            exchange.cut()
            return
        note.status = answer.status
        _send(exchange, answer, fault)


def _untaken(fault: Fault, path: str) -> Answer | None:
    """The answer of a fault that does not take the request."""
    if fault.kind == "refuse_json":
        return refused(fault.reason)
    if fault.kind == "not_json":
        return _PAGE
    if fault.kind != "status":
        return None
    form = refused if path.startswith("/v1/") else text_answer
    answer = form(fault.reason, fault.status)
    more = dict(fault.headers)
    if fault.retry_after is not None:
        more["Retry-After"] = str(fault.retry_after)
    return replace(answer, headers={**answer.headers, **more})


def _send(exchange: Exchange, answer: Answer, fault: Fault) -> None:
    if fault.kind == "cut_body":
        exchange.send(answer, size=fault.size)
        exchange.cut()
    elif fault.kind == "slow":
        exchange.send_slowly(answer, fault.size, fault.seconds)
    elif fault.kind == "corrupt":
        exchange.send(replace(answer, body=_corrupt(answer.body, fault.size)))
    else:
        exchange.send(answer)


def _corrupt(body: bytes, start: int) -> bytes:
    end = start + _MOST_INVERTED
    return body[:start] + bytes(byte ^ 0xFF for byte in body[start:end]) + body[end:]
