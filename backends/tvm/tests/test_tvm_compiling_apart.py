"""The process that TVM's compiler works in: it has a deadline, may crash, and leaves nothing."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ei_runner_core import (
    BackendUnavailableError,
    BuildError,
    DeadlineError,
    InvalidInputError,
    ModelFormatError,
    Network,
)
from ei_runner_core.testing.cases import NetworkCase
from ei_runner_core.testing.threads import Worker
from ei_runner_tvm import compiling_apart
from ei_runner_tvm.backend import TvmBackend
from ei_runner_tvm.compile_options import CompileOptions
from ei_runner_tvm.compiling import CompiledNetwork, compile_network
from ei_runner_tvm.compiling_apart import compile_apart

pytestmark = pytest.mark.requires("compiler")

LONG = 120.0  # s
SCRIPT = """
import signal, sys
from pathlib import Path
from ei_runner_core import Network
from ei_runner_tvm.compile_options import CompileOptions
from ei_runner_tvm.compiling_apart import compile_apart

signal.signal(signal.SIGINT, signal.default_int_handler)
path, linker, workspace = sys.argv[1:]
network = Network("dense.onnx", ".onnx", path=Path(path))
try:
    compile_apart(network, CompileOptions(cc=linker), "", Path(workspace), 120.0)
except KeyboardInterrupt:
    print("interrupted", *Path(workspace).iterdir())
"""


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No process that is left of an earlier test, and none for a later one."""
    compiling_apart._end_all()
    monkeypatch.setattr(compiling_apart, "_IDLE_S", LONG)
    yield
    compiling_apart._end_all()


class Hanging(NamedTuple):
    """A linker that starts another program, and never ends."""

    linker: str
    workspace: Path

    @property
    def pipe(self) -> Path:
        """Where it tells of its compiler; its end is that of the linker and of what it started."""
        return Path(f"{self.linker}-pipe")

    def strike(self, end: Callable[[int], object]) -> None:
        """Wait for the linker, do something to its compiler, and wait for the end of both."""

        def wait() -> None:
            with self.pipe.open() as told:
                end(int(told.readline()))
                assert told.read() == ""

        Worker(wait).finish()


@pytest.fixture
def hanging(tmp_path: Path) -> Hanging:
    (workspace := tmp_path / "workspace").mkdir()
    linker = Hanging(str(tmp_path / "hanging"), workspace)
    os.mkfifo(linker.pipe)
    Path(linker.linker).write_text(
        "#!/bin/sh\n"
        '[ "$*" = -v ] && exec c++ -v\n'
        f"exec 9> '{linker.pipe}'\n"
        "sleep 1000 &\n"
        "echo $PPID >&9\n"
        "wait\n"
    )
    Path(linker.linker).chmod(0o755)
    return linker


def compiled(
    network: Network, workspace: Path, timeout: float = LONG, **options
) -> CompiledNetwork:
    return compile_apart(network, CompileOptions(**options), "", workspace, timeout)


def idle_ids() -> list[int]:
    return [process._process.pid for process, _ in compiling_apart._idle]


def test_it_makes_the_same_bytes_as_in_this_process(dense, tmp_path, capfd):
    apart = compiled(dense.network, tmp_path)

    assert apart == compile_network(dense.network, CompileOptions())
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_one_that_has_compiled_compiles_the_next_network_too(fresh, dense, tmp_path):
    compiled(dense.network, tmp_path)
    first = idle_ids()
    with pytest.raises(ModelFormatError, match=r"x\.onnx"):
        compiled(Network("x.onnx", ".onnx", content=b"no network"), tmp_path)
    compiled(dense.network, tmp_path, optimization=0)

    assert idle_ids() == first


def test_it_ends_when_there_is_nothing_to_do(fresh, dense, tmp_path, monkeypatch):
    monkeypatch.setattr(compiling_apart, "_IDLE_S", 0.01)
    compiled(dense.network, tmp_path)

    for timer in [
        thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)
    ]:
        timer.join(LONG)

    assert idle_ids() == []


def test_one_that_somebody_has_killed_meanwhile_is_replaced(fresh, dense, tmp_path):
    compiled(dense.network, tmp_path)
    (process, _), *_ = compiling_apart._idle
    os.kill(process._process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process._process.pid, os.WEXITED | os.WNOWAIT)

    assert compiled(dense.network, tmp_path).library


def test_threads_compile_at_once_and_one_process_stays(fresh, dense, tmp_path):
    workers = [Worker(lambda: compiled(dense.network, tmp_path).library) for _ in range(3)]
    for worker in workers:
        worker.finish()

    assert len(idle_ids()) == 1


def test_an_error_is_the_same_as_in_this_process(dense, tmp_path):
    with pytest.raises(InvalidInputError) as apart:
        compiled(dense.network, tmp_path, march="no-such-processor")
    with pytest.raises(InvalidInputError) as here:
        compile_network(dense.network, CompileOptions(march="no-such-processor"))

    assert str(apart.value) == str(here.value)


def test_what_is_logged_there_is_logged_here(dense, tmp_path, caplog, monkeypatch, fresh):
    """A module of that name hides TVM's, and fails as no pass of TVM is expected to."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, types\n"
        "broken = types.ModuleType('ei_runner_tvm.schedules')\n"
        "def tiled_reductions(_): raise RuntimeError('no such loop')\n"
        "broken.tiled_reductions = tiled_reductions\n"
        "sys.modules['ei_runner_tvm.schedules'] = broken\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with caplog.at_level(logging.INFO, "ei_runner_tvm"):
        compiled(dense.network, tmp_path)

    assert "cannot compile dense.onnx at level 3: no such loop" in caplog.text


def test_what_python_prints_when_it_starts_is_no_answer(fresh, dense, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("print('welcome', flush=True)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    assert compiled(dense.network, tmp_path).library


def test_the_variables_and_the_folder_of_who_asks_count(dense, tmp_path, monkeypatch):
    """Also those that were set after the process was started."""
    compiled(dense.network, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CXX", "false")

    with pytest.raises(BuildError, match="CXX=false of the environment"):
        compiled(dense.network, tmp_path)
    (tmp_path / "linker").symlink_to(shutil.which("c++"))
    assert compiled(dense.network, tmp_path, cc="./linker").library


def test_a_deadline_names_its_option(dense):
    with pytest.raises(DeadlineError, match=r"dense\.onnx within 0\.001 s; .*compile_timeout"):
        TvmBackend().open(dense.network, {"compile_timeout": 0.001, "optimization": 1})


@pytest.mark.parametrize("value", [0, -1, "60", True, float("nan"), 1e9])
def test_a_timeout_that_is_none_is_refused(dense, value):
    with pytest.raises(
        InvalidInputError, match="'compile_timeout' of tvm is .*, expected a number"
    ):
        TvmBackend().compile(dense.network, {"compile_timeout": value})


def test_the_timeout_does_not_change_what_is_found_in_the_cache(dense, caplog):
    TvmBackend().open(dense.network, {}).close()
    with caplog.at_level(logging.INFO, "ei_runner_tvm"):
        TvmBackend().open(dense.network, {"compile_timeout": 77}).close()

    assert not caplog.records


@pytest.fixture
def gate(hanging: Hanging, tmp_path: Path) -> Path:
    """What the compiler of a program waits for when it starts, after it has told of itself."""
    os.mkfifo(pipe := tmp_path / "gate")
    (tmp_path / "sitecustomize.py").write_text(
        "import os\n"
        "if os.environ.get('STARTED'):\n"
        f"    told = os.open({str(hanging.pipe)!r}, os.O_WRONLY)\n"
        "    os.write(told, b'0\\n')\n"
        f"    open({str(pipe)!r}).read()\n"
        "os.environ['STARTED'] = 'yes'\n"
    )
    return pipe


@pytest.fixture
def process(hanging: Hanging, dense: NetworkCase) -> Iterator[subprocess.Popen[str]]:
    """A program whose linker hangs."""
    command = [sys.executable, "-c", SCRIPT, str(dense.network.path), *map(str, hanging)]
    paths = os.pathsep.join([os.path.dirname(hanging.linker), *filter(None, sys.path)])  # noqa: PTH120
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True
    ) as started:
        yield started
        started.kill()


def test_an_interrupt_ends_the_compiler_and_its_linker(hanging, process):
    hanging.strike(lambda _: process.send_signal(signal.SIGINT))

    assert process.communicate(timeout=LONG)[0] == "interrupted\n"


def test_nothing_is_left_of_a_program_that_is_killed(hanging, process):
    hanging.strike(lambda _: process.kill())

    assert not hanging.workspace.exists()


def test_nothing_is_left_of_a_program_that_is_killed_while_its_compiler_starts(
    hanging, gate, process
):
    def end(_: int) -> None:
        process.kill()
        process.wait(LONG)
        gate.open("w").close()

    hanging.strike(end)

    assert not hanging.workspace.exists()


def test_a_crash_of_the_compiler_is_an_error(fresh, dense, hanging):
    """Somebody kills it, as the system does where memory runs out."""
    worker = Worker(lambda: compiled(dense.network, hanging.workspace, cc=hanging.linker))

    hanging.strike(lambda compiler: os.kill(compiler, signal.SIGKILL))

    with pytest.raises(BuildError, match=r"compiler was ended by the signal SIGKILL \(.*memory"):
        worker.finish()
    assert list(hanging.workspace.iterdir()) == []


def test_what_a_compiler_said_last_is_quoted(fresh, dense, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys, types\n"
        "class Broken(types.ModuleType):\n"
        "    def __getattr__(self, name):\n"
        "        os.write(1, b'LLVM ERROR: out of registers\\n')\n"
        "        os.abort()\n"
        "sys.modules['tvm'] = Broken('tvm')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with pytest.raises(BuildError) as caught:
        compiled(dense.network, tmp_path)

    assert str(caught.value) == (
        "TVM's compiler was ended by the signal SIGABRT when it compiled dense.onnx; run it with "
        "another backend; its last output: LLVM ERROR: out of registers"
    )


def test_a_compiler_that_memory_does_not_suffice_for_is_told(fresh, dense, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, types\n"
        "class Large(types.ModuleType):\n"
        "    def __getattr__(self, name): raise MemoryError\n"
        "sys.modules['tvm'] = Large('tvm')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with pytest.raises(
        BackendUnavailableError, match=r"cannot be imported \(MemoryError\); give .*more memory"
    ):
        compiled(dense.network, tmp_path)


@pytest.mark.parametrize("program", ["", None, "/usr/bin/blender"])
def test_a_program_without_a_python_of_its_own_is_told(
    fresh, dense, tmp_path, monkeypatch, program
):
    monkeypatch.setattr(sys, "executable", program)

    with pytest.raises(BackendUnavailableError, match="no Python interpreter .* ei-runner compile"):
        compiled(dense.network, tmp_path)


def test_a_workspace_that_cannot_be_written_is_told(dense, tmp_path):
    with pytest.raises(InvalidInputError, match="cannot be kept in .*EI_RUNNER_CACHE"):
        compiled(dense.network, tmp_path / "missing")


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        ("echo ld: final link failed: No space left on device", "No space left .*make room"),
        ("rm -r {workspace}", "has been removed; compile it again"),
    ],
)
def test_a_workspace_that_fails_meanwhile_is_told(dense, tmp_path, failure, told):
    (workspace := tmp_path / "workspace").mkdir()
    (linker := tmp_path / "linker").write_text(
        f'#!/bin/sh\n[ "$*" = -v ] && exec c++ -v\n{failure.format(workspace=workspace)}\nexit 1\n'
    )
    linker.chmod(0o755)

    with pytest.raises(InvalidInputError, match=f"cannot be kept in .*: .*{told}.*EI_RUNNER_CACHE"):
        compiled(dense.network, workspace, cc=str(linker))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_that_ends_leaves_the_compiling_alone(run_script, dense, tmp_path):
    os.mkfifo(gate := tmp_path / "gate")
    (linker := tmp_path / "linker").write_text(
        f'#!/bin/sh\n[ "$*" = -v ] || read line < {gate}\nexec c++ "$@"\n'
    )
    linker.chmod(0o755)
    said = run_script(
        "import os, sys, threading, warnings\n"
        "from pathlib import Path\n"
        "from ei_runner_core import Network\n"
        "from ei_runner_tvm.compile_options import CompileOptions\n"
        "from ei_runner_tvm.compiling_apart import compile_apart\n"
        "warnings.simplefilter('ignore')\n"
        "path, linker, gate = sys.argv[1:]\n"
        "network = Network('dense.onnx', '.onnx', path=Path(path))\n"
        "options = CompileOptions(cc=linker)\n"
        "made = []\n"
        "def compiling():\n"
        "    made.append(compile_apart(network, options, '', Path.cwd(), 120.0))\n"
        "(thread := threading.Thread(target=compiling)).start()\n"
        "with open(gate, 'w') as opened:\n"
        "    if not (child := os.fork()):\n"
        "        sys.exit()\n"
        "    os.waitpid(child, 0)\n"
        "thread.join()\n"
        "print(len(made))\n",
        dense.network.path,
        linker,
        gate,
    )

    assert said == "1\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_has_a_compiler_of_its_own(run_script, dense):
    said = run_script(
        "import os, sys, tempfile, warnings\n"
        "from pathlib import Path\n"
        "from ei_runner_core import Network\n"
        "from ei_runner_tvm.compile_options import CompileOptions\n"
        "from ei_runner_tvm import compiling_apart\n"
        f"compiling_apart._IDLE_S = {LONG}\n"
        "warnings.simplefilter('ignore')\n"
        "network = Network('dense.onnx', '.onnx', path=Path(sys.argv[1]))\n"
        "def compiled():\n"
        "    with tempfile.TemporaryDirectory() as folder:\n"
        "        compiling_apart.compile_apart(\n"
        "            network, CompileOptions(), '', Path(folder), 120.0)\n"
        "def ids():\n"
        "    return [process._process.pid for process, _ in compiling_apart._idle]\n"
        "compiled()\n"
        "before = ids()\n"
        "child = os.fork()\n"
        "compiled()\n"
        "if child:\n"
        "    assert os.waitpid(child, 0)[1] == 0\n"
        "    assert ids() == before\n"
        "    print('both have compiled')\n"
        "else:\n"
        "    assert ids() != before\n",
        dense.network.path,
    )

    assert said == "both have compiled\n"
