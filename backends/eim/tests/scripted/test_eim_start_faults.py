"""Programs that never become ready: one clear error each, in time, and nothing is left of them."""

from __future__ import annotations

import os
import signal
import socket
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from ei_runner_core import (
    DeadlineError,
    EdgeImpulseModel,
    InferenceError,
    InvalidInputError,
    ModelFormatError,
    ModelNotFoundError,
    ProcessDiedError,
    UnsupportedModelError,
)

SOON = {"start_timeout": 0.6, "stop_timeout": 0.2}


def open_eim(path, **options):
    EdgeImpulseModel(path, backend="eim", options=options).close()


def test_a_well_behaved_program_answers(eim, transport):
    model = eim(transport=transport)
    assert model.infer([1, 2, 3, 4]).classification == {"sum": 10, "first": 1, "high": 1}


def test_an_exit_at_once_in_silence(program, one_error, transport):
    with one_error(ProcessDiedError, "exit code 3"):
        open_eim(program(first="os._exit(3)"), transport=transport)


def test_an_exit_with_success_is_an_error_too(program, one_error, transport):
    with one_error(ProcessDiedError, "exit code 0"):
        open_eim(program(first="os._exit(0)"), transport=transport)


def test_an_exit_with_last_words(program, one_error, transport):
    path = program(first="""os.write(2, b"no such\\ndevice \\xff here\\n"); os._exit(1)""")
    with one_error(ProcessDiedError, "exit code 1", "no such", "device", "here"):
        open_eim(path, transport=transport)


def test_last_words_on_stdout(program, one_error, transport):
    path = program(first="""os.write(1, b"cannot find the camera"); os._exit(1)""")
    with one_error(ProcessDiedError, "exit code 1", "cannot find the camera"):
        open_eim(path, transport=transport)


def test_a_missing_library_is_explained(program, one_error):
    said = "error while loading shared libraries: libgomp.so.1: cannot open shared object file"
    with one_error(ProcessDiedError, "libgomp.so.1", "install the package libgomp1"):
        open_eim(program(first=f"os.write(2, b'{said}'); os._exit(127)"))


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGILL])
def test_a_death_by_signal_names_it(program, one_error, transport, number):
    path = program(first=f"os.kill(os.getpid(), {int(number)})")
    with one_error(ProcessDiedError, number.name):
        open_eim(path, transport=transport)


@pytest.mark.parametrize(
    "body",
    [
        "def accept(self, path): self.wait_for_ever()",
        "def accept(self, path): super().accept(path + 'other')",
    ],
    ids=["no socket", "another socket"],
)
def test_a_socket_that_never_comes(program, one_error, body):
    with one_error(DeadlineError, "socket", "0.6 s", "start_timeout"):
        open_eim(program(body), **SOON)


def test_a_socket_that_is_bound_and_never_listens(program, one_error):
    body = """
    def accept(self, path):
        import socket
        self.bound = socket.socket(socket.AF_UNIX)
        self.bound.bind(path)
        self.wait_for_ever()
    """
    with one_error(DeadlineError, "start_timeout"):
        open_eim(program(body), **SOON)


def test_a_socket_that_is_never_accepted(program, one_error):
    body = """
    def accept(self, path):
        import socket
        self.bound = socket.socket(socket.AF_UNIX)
        self.bound.bind(path)
        self.bound.listen(0)
        self.wait_for_ever()
    """
    with one_error(DeadlineError, "did not tell about itself", "start_timeout"):
        open_eim(program(body), **SOON)


def test_a_file_in_the_place_of_the_socket(program, one_error):
    body = """
    def accept(self, path):
        open(path, "w").close()
        self.wait_for_ever()
    """
    with one_error(DeadlineError, "start_timeout"):
        open_eim(program(body), **SOON)


def test_hello_is_never_answered(program, one_error, transport):
    with one_error(DeadlineError, "did not tell about itself", "start_timeout"):
        open_eim(
            program("def on_hello(self, _): self.wait_for_ever()"), transport=transport, **SOON
        )


def test_half_of_hello(program, one_error, transport):
    body = """
    def on_hello(self, _):
        self.write(b'{"id":1,"success":true,"model_parameters":{"labels":["a",')
        self.wait_for_ever()
    """
    with one_error(DeadlineError, "did not tell about itself"):
        open_eim(program(body), transport=transport, **SOON)


def test_half_of_hello_and_death(program, one_error, transport):
    body = """
    def on_hello(self, _):
        self.write(b'{"id":1,"success":true,"model_parameters":{"labels":["a",')
        os._exit(9)
    """
    with one_error(ProcessDiedError, "exit code 9"):
        open_eim(program(body), transport=transport)


def test_an_end_of_the_connection_alone(program, one_error):
    body = """
    def on_hello(self, _):
        os.dup2(os.open(os.devnull, os.O_RDWR), self.writer)
        self.wait_for_ever()
    """
    with one_error(ProcessDiedError, "closed the connection"):
        open_eim(program(body), stop_timeout=0.2)


def test_hello_is_refused(program, one_error, transport):
    body = "def on_hello(self, _): raise Refusal('the licence\\nhas expired')"
    with one_error(InferenceError, "hello", "the licence has expired"):
        open_eim(program(body), transport=transport)


HELLOS = {
    "nothing of the model": "{'model_parameters': {}}",
    "a list": "{'model_parameters': []}",
    "null": "{'model_parameters': None}",
    "a number of text": "{'model_parameters': {'input_features_count': 'many'}}",
    "an infinite number": "{'model_parameters': {'input_features_count': 1e999}}",
    "no window": "{'model_parameters': {'input_features_count': 0}}",
    "no axes": "{'model_parameters': {'input_features_count': 4, 'axis_count': 0}}",
    "a negative window": "{'model_parameters': {'input_features_count': -4}}",
    "labels that are numbers": "{'model_parameters': {'input_features_count': 4, 'labels': [[]]}}",
    "a huge window": "{'model_parameters': {'input_features_count': 10**15}}",
}


@pytest.mark.parametrize("name", HELLOS)
def test_a_hello_that_makes_no_sense(program, one_error, name):
    with one_error(InferenceError):
        open_eim(program(f"def on_hello(self, _): return {HELLOS[name]}"))


@pytest.mark.parametrize("size", [-1, 0, 9, None])
def test_a_slice_that_makes_no_sense_is_a_quarter_of_the_window(eim, size):
    assert eim(f"parameters = {{'slice_size': {size}}}").parameters.slice_size == 1


def test_megabytes_of_output_before_the_start(program, transport):
    path = program(
        first="""
        for _ in range(40):
            os.write(2, b"x" * 100_000 + b"\\n")
            os.write(1, b"y" * 100_000 + b"\\n")
        """
    )
    open_eim(path, transport=transport)


def test_an_empty_file(program, one_error):
    path = program()
    path.write_bytes(b"")
    with one_error(ModelFormatError, "empty"):
        open_eim(path)


def test_a_text_file(program, one_error):
    path = program()
    path.write_text("Not found\n")
    with one_error(ModelFormatError, "text file"):
        open_eim(path)


def test_a_program_for_another_processor(program, one_error):
    content = bytearray(Path(sys.executable).read_bytes())
    if content[:4] != b"\x7fELF":
        pytest.skip("the programs of this system are no ELF files")
    content[18] = 0xB7 if content[18] != 0xB7 else 0x3E
    path = program()
    path.write_bytes(content)
    with one_error(UnsupportedModelError, "aarch64", "x86_64"):
        open_eim(path)


def test_a_program_of_a_fitting_head_and_nothing_else(program, one_error):
    machine = 0x3E if os.uname().machine == "x86_64" else 0xB7
    path = program()
    path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + bytes([2, 0, machine, 0]) + bytes(44))
    with one_error(ModelFormatError):
        open_eim(path)


def test_a_missing_interpreter(program, one_error):
    path = program()
    path.write_text("#!/no/such/python -I\n")
    with one_error(UnsupportedModelError, "/no/such/python"):
        open_eim(path)


def test_no_file(tmp_path, one_error):
    with one_error(ModelNotFoundError):
        open_eim(tmp_path / "model.eim")


@pytest.mark.parametrize("how", ["copy", "in-place", "never"])
def test_a_missing_run_bit(program, one_error, how):
    path = program()
    path.chmod(0o600)
    if how == "never":
        with one_error(InvalidInputError, "chmod +x"):
            open_eim(path, make_executable=how)
    else:
        open_eim(path, make_executable=how)
    assert bool(path.stat().st_mode & stat.S_IXUSR) == (how == "in-place")


def test_a_long_folder_for_temporary_files(program, short_folder, monkeypatch):
    folder = short_folder / ("x" * 120)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    open_eim(program())
    assert list(folder.iterdir()) == []
    folder.rmdir()


def test_a_long_path_of_the_model(program, tmp_path):
    folder = tmp_path / ("x" * 120) / ("y" * 120)
    folder.mkdir(parents=True)
    path = program().rename(folder / "model.eim")
    open_eim(path)


@pytest.fixture
def listening():
    """A socket where nobody listens yet."""
    with (
        tempfile.TemporaryDirectory(prefix="s", dir="/tmp") as folder,
        socket.socket(socket.AF_UNIX) as server,
    ):
        server.bind(f"{folder}/model.eim")
        yield server, Path(folder, "model.eim")


def test_a_socket_where_nobody_listens(listening, one_error):
    with one_error(ModelNotFoundError, "nobody listens"):
        open_eim(listening[1])


def test_a_socket_that_does_not_answer(listening, one_error):
    listening[0].listen(5)
    with one_error(DeadlineError, "one client at a time"):
        open_eim(listening[1], start_timeout=0.2)


def test_a_socket_that_takes_no_more_clients(listening, one_error):
    server, path = listening
    server.listen(0)
    with socket.socket(socket.AF_UNIX) as other:
        other.connect(str(path))
        with one_error(DeadlineError, "one at a time"):
            open_eim(path, start_timeout=0.2)


def test_a_socket_with_a_path_that_is_too_long(tmp_path, one_error, monkeypatch):
    folder = tmp_path / ("x" * 110)
    folder.mkdir()
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("model.eim")
        with one_error(InvalidInputError, "bytes", "shorter"):
            open_eim(folder / "model.eim")


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs /dev/shm")
class TestSharedMemory:
    OFFERS = {
        "no such segment": "{'name': '/shm-000000000000', 'elements': 4}",
        "a path": "{'name': '/../etc/passwd', 'elements': 4}",
        "no name": "{'name': '', 'elements': 4}",
        "a null in the name": "{'name': '/shm-\\0', 'elements': 4}",
        "too few values": "{**self.share(3)}",
        "too small": "{**self.share(2), 'elements': 4}",
        "another type": "{**self.share(4), 'type': 'float64'}",
        "negative": "{**self.share(4), 'elements': -4}",
        "huge": "{**self.share(4), 'elements': 2**62}",
    }
    BODY = """
    def on_hello(self, _):
        offer = {{'size_bytes': 16, 'type': 'float32', **{offer}}}
        return {{**super().on_hello(_), 'features_shm': offer}}
    """

    @pytest.mark.parametrize("offer", OFFERS)
    def test_what_cannot_be_mapped_goes_as_text(self, eim, offer):
        model = eim(self.BODY.format(offer=self.OFFERS[offer]))
        assert model.infer([1, 2, 3, 4]).classification["sum"] == 10

    @pytest.mark.parametrize("offer", OFFERS)
    def test_or_is_refused_where_it_has_to_be(self, program, one_error, offer):
        path = program(self.BODY.format(offer=self.OFFERS[offer]))
        with one_error(UnsupportedModelError, "always", "auto", within=12):
            open_eim(path, shared_memory="always")

    def test_none_is_offered(self, program, one_error):
        body = "hello_extra = {'features_shm_error': 'shm_open failed: too many files'}"
        with one_error(UnsupportedModelError, "too many files"):
            open_eim(program(body), shared_memory="always")

    def test_an_output_that_cannot_be_mapped_takes_the_input_with_it(self, eim):
        model = eim(
            """
            shared_memory = True
            hello_extra = {"freeform_output_shm": [
                {"index": 0, "name": "/shm-0", "size_bytes": 4, "type": "float32", "elements": 1}
            ]}
            """
        )
        assert model.infer([1, 2, 3, 4]).classification["sum"] == 10

    @pytest.mark.parametrize("mode", ["auto", "always", "never"])
    def test_the_answers_are_the_same(self, eim, transport, mode):
        model = eim("shared_memory = True", transport=transport, shared_memory=mode)
        assert model.infer([1, 2, 3, 4.5]).classification == {"sum": 10.5, "first": 1, "high": 1}

    def test_a_killed_program_leaves_no_segment(self, program, one_error):
        body = """
        shared_memory = True
        def on_classify_shm(self, told): os.kill(os.getpid(), signal.SIGKILL)
        """
        with (
            EdgeImpulseModel(program(body), backend="eim") as model,
            one_error(ProcessDiedError, "SIGKILL"),
        ):
            model.infer([1, 2, 3, 4])
