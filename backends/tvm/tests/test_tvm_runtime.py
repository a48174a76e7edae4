"""Which runtime is loaded, and what is said where none can be."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ei_runner_core import BackendUnavailableError, Network
from ei_runner_core.testing.cases import NetworkCase
from ei_runner_tvm.backend import TvmBackend
from ei_runner_tvm.copy_runtime import copy_runtime
from ei_runner_tvm.places import (
    VERSION_FILE,
    compiler_version,
    find_runtime,
    installed_libraries,
    library_names,
    same_release,
)
from ei_runner_tvm.runtime import load_runtime

LIBRARY, EXTRA = library_names()

# Opens a compiled network, after what ``{before}`` stands for.
RUN = """
import sys
import warnings
from pathlib import Path
import numpy as np
from ei_runner_core import EdgeImpulseError, Network
from ei_runner_tvm.backend import TvmBackend

warnings.simplefilter("ignore")  # TVM's own
{before}
path, inputs, *places = sys.argv[1:]

def run(**options):
    network = Network(path, ".tvm", path=Path(path))
    with TvmBackend().open(network, options) as session:
        return session.run([np.load(inputs)])[0]

np.save("answer.npy", run(**dict(zip(["runtime"], places))))
"""
# Tells which libraries of TVM have been loaded, and whether its package was imported.
TELL = """
maps = Path("/proc/self/maps").read_text().splitlines()
print(*sorted({line.split()[-1] for line in maps if "libtvm_runtime" in line}), sep="\\n")
print(sys.modules.get("tvm") is not None)
"""
TRY_SECOND = """
try:
    run(runtime=places[-1])
except EdgeImpulseError as error:
    print(type(error).__name__, error)
"""
IMPORT, BLOCK = "import tvm", "sys.modules['tvm'] = None"


def script(after: str = "", before: str = "") -> str:
    return RUN.replace("{before}", before) + after


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder with copies of the installed runtime, as on a device."""
    return copy_runtime(tmp_path / "runtime")


@pytest.fixture
def files(compiled_path: Path, dense: NetworkCase) -> tuple[Path, Path]:
    """The compiled network and an input for it."""
    import numpy as np

    inputs = compiled_path.with_name("inputs.npy")
    np.save(inputs, dense.inputs[0])
    return compiled_path, inputs


def check_answer(folder: Path, dense: NetworkCase) -> None:
    import numpy as np

    dense.check((np.load(folder / "answer.npy"),))


def test_the_installed_runtime_is_found_without_importing_tvm(run_script):
    said = run_script(
        "import sys\n"
        "from ei_runner_tvm.places import find_runtime\n"
        "print(find_runtime().runtime.name, find_runtime().version, 'tvm' in sys.modules)"
    )

    assert said.split() == [LIBRARY, compiler_version(), "False"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells of a process")
@pytest.mark.requires("compiler")
class TestLoading:
    def test_a_compiled_network_runs_without_importing_tvm(
        self, run_script, files, dense, tmp_path
    ):
        *loaded, imported = run_script(script(TELL), *files).split()

        assert [Path(path).parent for path in loaded] == [installed_libraries()] * 2
        assert imported == "False"
        check_answer(tmp_path, dense)

    def test_it_runs_with_the_runtime_alone(self, run_script, files, copied, dense, tmp_path):
        """No TVM can be imported, as on a device that has only copies of two libraries."""
        said = run_script(script(TELL, BLOCK), *files, TVM_HOME=str(copied))

        *loaded, imported = said.split()

        assert loaded == [str(copied / LIBRARY), str(copied / EXTRA)]
        assert imported == "False"
        check_answer(tmp_path, dense)

    @pytest.mark.parametrize("place", [".", LIBRARY])
    def test_the_option_names_a_folder_or_the_library(self, run_script, files, copied, place):
        loaded = run_script(script(TELL), *files, copied / place, TVM_HOME="/nowhere").split()

        assert str(copied / LIBRARY) in loaded

    def test_one_that_came_with_an_import_of_tvm_is_used(self, run_script, files):
        *loaded, imported = run_script(script(TELL, IMPORT), *files).split()

        assert [Path(path).parent for path in loaded] == [installed_libraries()] * 2
        assert imported == "True"

    def test_tvm_can_be_imported_afterwards(self, run_script, files):
        run_script(script(f"{IMPORT}; run()"), *files)

    @pytest.mark.parametrize("before", [IMPORT, ""])
    def test_a_second_runtime_is_refused(self, run_script, files, copied, before):
        """Two of them would end the process."""
        said = run_script(script(TRY_SECOND, before), *files, installed_libraries(), copied)

        assert said.startswith("BackendUnavailableError this process has loaded TVM's runtime")
        assert f"cannot have {copied / LIBRARY} beside it" in said

    def test_a_link_to_the_loaded_runtime_is_no_second_one(self, run_script, files, tmp_path):
        link = tmp_path / "tvm" / "build"
        link.parent.mkdir()
        link.symlink_to(installed_libraries())

        run_script(script("run(); run(runtime=places[0])"), *files, link.parent)


@pytest.mark.requires("compiler")
def test_a_function_that_the_runtime_lacks_is_named(run_script, copied, tmp_path):
    (copied / EXTRA).unlink()
    path = tmp_path / "top.tvm"
    path.write_bytes(TvmBackend().compile(top_two(), {}).read())

    said = run_script(
        "import sys\n"
        "from pathlib import Path\n"
        "from ei_runner_core import Network, UnsupportedModelError\n"
        "from ei_runner_tvm.backend import TvmBackend\n"
        "try:\n    TvmBackend().open(Network('top', '.tvm', path=Path(sys.argv[1])), {})\n"
        "except UnsupportedModelError as error:\n    print(error)",
        path,
        TVM_HOME=str(copied),
    )

    assert said.startswith("top needs the function tvm.contrib.sort.topk, which the runtime")


def top_two() -> Network:
    """A network that sorts, which is among the extra functions."""
    helper = pytest.importorskip("onnx").helper
    sizes = helper.make_tensor("two", 7, [1], [2])
    borders = [("x", 1, [1, 5]), ("values", 1, [1, 2]), ("places", 7, [1, 2])]
    source, *targets = (helper.make_tensor_value_info(*border) for border in borders)
    node = helper.make_node("TopK", ["x", "two"], ["values", "places"])
    graph = helper.make_graph([node], "top", [source], targets, [sizes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return Network("top.onnx", ".onnx", content=model.SerializeToString())


def test_tvm_home_may_be_a_source_tree_with_a_build(tmp_path, copied):
    for folder in ("build", "build/lib", "lib", "build_runtime"):
        home = tmp_path / folder.replace("/", "-")
        shutil.copytree(copied, home / folder)
        (home / folder / VERSION_FILE).unlink()
        (home / "python" / "tvm").mkdir(parents=True)
        (home / "python" / "tvm" / "_version.py").write_text(
            "__version__ = version = '0.99.0'\n", encoding="utf-8"
        )

        found = find_runtime(environment={"TVM_HOME": str(home)})

        assert found.folder == home / folder
        assert found.version == "0.99.0"


def test_a_runtime_without_extra_functions_is_found_too(copied):
    (copied / EXTRA).unlink()

    assert find_runtime(copied).extra is None


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda _: None])
def test_a_home_without_a_runtime_says_where_it_was_looked_for(tmp_path, make):
    home = tmp_path / "home"
    make(home)

    with pytest.raises(BackendUnavailableError) as caught:
        find_runtime(environment={"TVM_HOME": str(home)})

    assert str(caught.value).startswith(f"TVM_HOME names {home}, which ")
    assert LIBRARY in str(caught.value)
    assert "pip install 'ei-runner[tvm]'" in str(caught.value)


def test_a_home_that_cannot_be_is_one_clear_error():
    with pytest.raises(BackendUnavailableError, match="TVM_HOME=~nobody-of-this-name/x cannot be"):
        find_runtime(environment={"TVM_HOME": "~nobody-of-this-name/x"})


def test_without_any_tvm_the_message_says_how_to_get_one(run_script):
    said = run_script(
        "import sys\n"
        "sys.modules['tvm'] = None\n"
        "from ei_runner_core import BackendUnavailableError\n"
        "from ei_runner_tvm.runtime import load_runtime\n"
        "try:\n    load_runtime()\n"
        "except BackendUnavailableError as error:\n    print(error)"
    )

    assert said.startswith("TVM is not installed, not even its runtime; install it with: pip inst")
    assert "python -m ei_runner_tvm.copy_runtime" in said
    assert "TVM_HOME" in said


def test_without_any_tvm_the_backend_can_be_made_as_the_option_may_name_a_runtime(
    run_script, files, copied, dense, tmp_path
):
    run_script(script("", BLOCK), *files, copied)

    check_answer(tmp_path, dense)


def test_without_tvm_ffi_the_message_says_how_to_get_it(run_script, copied):
    said = run_script(
        "import sys\n"
        "from pathlib import Path\n"
        "sys.modules['tvm_ffi'] = None\n"
        "from ei_runner_core import BackendUnavailableError\n"
        "from ei_runner_tvm.runtime import load_runtime\n"
        "try:\n    load_runtime(Path(sys.argv[1]))\n"
        "except BackendUnavailableError as error:\n    print(error)",
        copied,
    )

    assert said.startswith("tvm_ffi cannot be imported")
    assert "apache-tvm-ffi" in said


def another_machine(content: bytes) -> bytes:
    """The head of an ELF file with another processor: MIPS, which nobody tests on."""
    return content[:18] + b"\x08\x00" + content[20:]


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "is no shared library"),
    "text": (lambda _: b"a linker script", "is no shared library"),
    "cut off": (lambda content: content[: len(content) // 2], "is damaged: it is cut off"),
    "another machine": (another_machine, "is for mips Linux, this machine is "),
    "an older TVM": (
        lambda content: content.replace(b"libtvm_ffi", b"libtvm_old"),
        "is no runtime of a TVM that is built upon libtvm_ffi",
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="damages a library of Linux")
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", [LIBRARY, EXTRA])
def test_a_library_that_cannot_be_loaded_is_refused_before_it_is(run_script, copied, damage, name):
    change, reason = DAMAGES[damage]
    (copied / name).write_bytes(change((copied / name).read_bytes()))

    said = run_script(
        "import sys\n"
        "from pathlib import Path\n"
        "from ei_runner_core import BackendUnavailableError\n"
        "from ei_runner_tvm.runtime import load_runtime\n"
        "try:\n    load_runtime(Path(sys.argv[1]))\n"
        "except BackendUnavailableError as error:\n    print(error)\n"
        "print('tvm_ffi' in sys.modules)",
        copied,
    )

    assert f"{copied / name} {reason}" in said
    assert said.endswith("False\n")


def test_a_runtime_is_loaded_once():
    assert load_runtime() is load_runtime()


@pytest.mark.parametrize(
    ("version", "other", "is_same"),
    [
        ("0.27.0", "0.27.0.post1", True),
        ("0.27.0", "0.27.1", True),
        ("0.27.0", "0.26.0", False),
        ("0.27.0", "1.27.0", False),
    ],
)
def test_releases_differ_in_their_first_two_numbers(version, other, is_same):
    assert same_release(version, other) is is_same
