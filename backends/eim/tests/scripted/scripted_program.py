"""What the scripted ``.eim`` programs of these tests have in common: a well-behaved small model.

A program derives from :class:`Program` and misbehaves in one method. Hundreds of them are started,
so this imports nothing but modules that are built in: a start takes a third of the time.
"""

from __future__ import annotations

import _signal as signal
import _socket as socket
import os
import sys

JSON = {"true": True, "false": False, "null": None}


def dumps(value):
    """A value as JSON, with the keys of its objects sorted as the real programs do."""
    if isinstance(value, dict):
        pairs = sorted((dumps(key), dumps(one)) for key, one in value.items())
        return "{" + ", ".join(f"{key}: {one}" for key, one in pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(dumps, value)) + "]"
    if isinstance(value, str):
        kept = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in kept) + '"'
    words = {id(word): name for name, word in JSON.items()}
    return words.get(id(value)) or repr(value)


class Refusal(Exception):  # noqa: N818 - it is an answer
    """The program answers that it cannot do this."""


class Program:
    """The scores of a window are its sum, its first value, and whether the sum is large."""

    features = 4
    labels = ("sum", "first", "high")
    parameters = {}  # besides the usual ones; None takes one away
    hello_extra = {}
    shared_memory = False

    def __init__(self):
        self.min_score = 5.0
        self.stream = []
        self.segments = {}
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.interrupted)

    def run(self):
        """Serve one client until it goes."""
        if sys.argv[1] == "stdin":
            self.say("Edge Impulse Linux impulse runner - listening for JSON messages on stdin")
            self.converse(0, 1, b"\n")
        else:
            connected = self.accept(sys.argv[1])
            self.converse(connected, connected, b"\n\0")
        self.clean_up()

    def accept(self, path):
        """Listen on the socket, and take the first client: its descriptor."""
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(path)
        listening.listen(10)
        self.say(f"Waiting for connection on {path}...")
        return listening._accept()[0]

    def converse(self, reader, writer, end):
        """Answer line by line."""
        self.reader, self.writer, self.end = reader, writer, end
        buffer = b""
        while data := os.read(reader, 1 << 20):
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                self.respond(eval(line, JSON))

    def respond(self, message):
        """Answer one message."""
        number = message.get("id")
        try:
            answer = self.answer(message)
        except Refusal as refusal:
            self.send({"id": number, "success": False, "error": str(refusal)})
        else:
            self.send({"id": number, "success": True, **answer})

    def send(self, answer):
        """Send an answer."""
        self.write(dumps(answer).encode() + self.end)

    def write(self, data):
        """Write bytes as they are."""
        while data:
            data = data[os.write(self.writer, data) :]

    def say(self, text, fd: int = 1):
        """Print something."""
        os.write(fd, text.encode() + b"\n")

    def answer(self, message):
        """What an answer has besides its id."""
        name = next(iter(message))
        handler = getattr(self, f"on_{name}", None)
        if handler is None:
            raise Refusal("Failed to handle message")
        return handler(message[name])

    def on_hello(self, _):
        """Tell about the model."""
        parameters = {
            "input_features_count": self.features,
            "slice_size": 1,
            "use_continuous_mode": True,
            "sensor": 2,
            "frequency": 10,
            "interval_ms": 100,
            "axis_count": 1,
            "label_count": len(self.labels),
            "labels": list(self.labels),
            "has_anomaly": 0,
            "model_type": "classification",
            "thresholds": [{"id": 7, "type": "object_detection", "min_score": self.min_score}],
            **self.parameters,
        }
        kept = {name: value for name, value in parameters.items() if value is not None}
        project = {"id": 1, "owner": "o", "name": "n", "deploy_version": 3}
        answer = {"project": project, "model_parameters": kept, **self.hello_extra}
        if self.shared_memory:
            answer["features_shm"] = self.share(self.features)
        return answer

    def on_classify(self, values):
        """Answer a window."""
        return {"result": self.result(values), "timing": {"dsp": 1, "classification": 2}}

    def on_classify_shm(self, told):
        """Answer a window that lies in shared memory."""
        from array import array

        mapped = next(iter(self.segments.values()))
        return self.on_classify(array("f", mapped[: 4 * told["elements"]]).tolist())

    def on_classify_continuous(self, values):
        """Answer a slice: zeros until a whole window was seen."""
        self.stream = [*self.stream, *values][-self.features :]
        if len(self.stream) == self.features:
            return self.on_classify(self.stream)
        return {"result": {"classification": dict.fromkeys(self.labels, 0.0)}}

    def on_classify_continuous_shm(self, told):
        """Answer a slice that lies in shared memory."""
        from array import array

        mapped = next(iter(self.segments.values()))
        return self.on_classify_continuous(array("f", mapped[: 4 * told["elements"]]).tolist())

    def on_set_threshold(self, change):
        """Change the score from which on a sum is large."""
        self.min_score = change["min_score"]
        return {}

    def result(self, values):
        """What the model finds in a window."""
        total = sum(values)
        scores = (total, values[0], float(total >= self.min_score))
        return {"classification": dict(zip(self.labels, scores, strict=True))}

    def share(self, elements):
        """Make a segment."""
        import _posixshmem
        import mmap

        name = f"/shm-{os.environ['EIM_TEST_MARK'][:8]}{os.urandom(2).hex()}"
        fd = _posixshmem.shm_open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode=0o600)
        os.ftruncate(fd, 4 * elements)
        self.segments[name] = mmap.mmap(fd, 4 * elements)
        os.close(fd)
        return {"name": name, "size_bytes": 4 * elements, "type": "float32", "elements": elements}

    def clean_up(self):
        """Remove the segments."""
        for name in self.segments:
            import _posixshmem

            _posixshmem.shm_unlink(name)

    def interrupted(self, number, _):
        """End as the real ones do."""
        self.clean_up()
        os._exit(128 + number)

    def wait_for_ever(self):
        """Do nothing until somebody ends this."""
        while True:
            signal.pause()

    def ring(self):
        """Tell the test that this point was reached; the test can answer."""
        bell = socket.socket(socket.AF_UNIX)
        bell.connect(os.environ["EIM_TEST_BELL"])
        return bell

    def starts(self):
        """How often the program was started, when it is asked once at each start."""
        with open(sys.argv[0] + ".starts", "a+b") as file:  # noqa: PTH123 - pathlib is slow to import
            file.write(b"x")
            return file.tell()
