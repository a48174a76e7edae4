"""An ``.eim`` that answers at once, and says how long it took: what is left is the client's time.

The text in ``info`` is the time in nanoseconds from the last byte received to the first byte sent.
It runs without site packages; the benchmark writes the size of the model into it.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from multiprocessing.shared_memory import SharedMemory
from time import monotonic_ns
from typing import Any

SIDE, VALUES = 0, 375  # the side is that of an image
LABELS = ("idle", "snake", "updown", "wave")


def main() -> None:
    if sys.argv[1] == "stdin":
        os.write(1, b"listening for JSON messages on stdin\n")
        converse(0, 1, b"\n")
    else:
        connected = accept(sys.argv[1])
        converse(connected.fileno(), connected.fileno(), b"\n\0")


def accept(path: str) -> socket.socket:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path + "~")
        listening.listen(1)
        os.rename(path + "~", path)  # noqa: PTH104 - whoever sees it can connect
        return listening.accept()[0]


def converse(reader: int, writer: int, end: bytes) -> None:
    shared = SharedMemory(create=True, size=4 * VALUES)
    answer = b"%b%b" % (json.dumps(ANSWER)[:-1].encode(), b',"id":%d,"success":true,"info":"%d"}')
    buffer = bytearray(1 << 20)
    room = memoryview(buffer)
    length = 0
    try:
        while count := os.readv(reader, [room[length:]]):
            received = monotonic_ns()
            length += count
            if buffer.count(b"{", 0, length) != buffer.count(b"}", 0, length):
                continue  # not every client ends its lines
            number = int(buffer[buffer.rindex(b":", 0, length) + 1 : length].rstrip(b"}\n"))
            is_hello = buffer.startswith(b'{"hello"')
            length = 0
            if is_hello:
                reply = hello(number, shared.name)
            else:
                reply = answer % (number, monotonic_ns() - received)
            os.write(writer, reply + end)
    finally:
        shared.close()
        shared.unlink()


def hello(number: int, shared: str) -> bytes:
    name = "/" + shared.lstrip("/")
    memory = {"name": name, "size_bytes": 4 * VALUES, "type": "float32", "elements": VALUES}
    told = {"id": number, "success": True, "features_shm": memory, "model_parameters": PARAMETERS}
    return json.dumps(told).encode()


PARAMETERS: dict[str, Any] = {
    "input_features_count": VALUES,
    "axis_count": 1 if SIDE else 3,
    "sensor": 3 if SIDE else 2,
    "frequency": 0 if SIDE else 62.5,
    "interval_ms": 1 if SIDE else 16,
    "image_input_width": SIDE,
    "image_input_height": SIDE,
    "image_input_frames": 1 if SIDE else 0,
    "image_channel_count": 3 if SIDE else 0,
    "labels": LABELS,
    "label_count": len(LABELS),
    "has_anomaly": 0 if SIDE else 1,
    "model_type": "classification",
}
SCORES = dict(zip(LABELS, (0.0, 0.0078125, 0.9921875, 0.0), strict=True))
ANSWER = {
    "result": {"classification": SCORES} | ({} if SIDE else {"anomaly": -0.11959}),
    "timing": {"dsp": 1, "classification": 0, "anomaly": 0, "json": 1, "stdin": 1},
}

if __name__ == "__main__":
    main()
