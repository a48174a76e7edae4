"""``ei-runner build``: what it builds, writes, prints and refuses."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ffi_commands import ei_runner
from ffi_exports import write_export, zip_export

from ei_runner_core import EdgeImpulseModel
from ei_runner_core.authoring.native_files import Content, read_native_file
from ei_runner_sdk_ffi.build.options import OPTION_NAMES, BuildOptions
from ei_runner_sdk_ffi.build.targets import TARGETS, this_machine
from ei_runner_sdk_ffi.commands import build
from ei_runner_sdk_ffi.commands.flags import chosen

pytestmark = pytest.mark.requires("compiler")
FAST = "--cflags=-O0"
WINDOW = [0.5] * 12
ABORTS = "#include <cstdlib>\nstatic int ended = (abort(), 0);\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty folder to be in."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache for one test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("EI_RUNNER_CACHE", str(folder))
    return folder


@pytest.fixture(scope="module")
def objects(tmp_path_factory, exported):
    """A cache in which the models of these tests were built: linking them again is all it takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EI_RUNNER_CACHE", str(tmp_path_factory.mktemp("objects")))
        for project in (43, 44):
            built(exported("motion", project=project))
        yield Path(os.environ["EI_RUNNER_CACHE"])


@pytest.fixture
def warm_cache(own_cache, objects):
    """A cache for one test, with the objects of the models and without their libraries."""
    shutil.copytree(objects, own_cache, ignore=shutil.ignore_patterns("libraries"))
    return own_cache


def built(*arguments):
    return ei_runner("build", *arguments, FAST, "--json").document


def answer_of(path, **options):
    with EdgeImpulseModel(path, backend="sdk-ffi", options=options) as model:
        return model.infer(WINDOW).classification


def other_target():
    return next(
        target for name, target in TARGETS.items()
        if target != this_machine() and shutil.which(f"{target.gcc or 'no'}-g++")
    )  # fmt: skip


# ------------------------------------------------------------------------------- what it builds


def test_it_says_what_it_did_and_what_the_model_is(exported, warm_cache):
    answer = ei_runner("build", exported("motion"), FAST)
    assert (answer.code, answer.err) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in answer.out.splitlines() if line[0] != " ")
    assert lines["build"].startswith("0 sources compiled in ")
    assert lines["network"] == "compiled in"
    assert lines["target"] == this_machine().name
    assert lines["labels"] == '3: idle, say "hi", wäve \\ Δ'
    assert lines["project"].startswith("Ünal & Co / motion of 2026")
    assert Path(lines["library"]).is_relative_to(warm_cache)
    assert "\nbuild    already built\n" in ei_runner("build", exported("motion"), FAST).out


def test_the_json_has_everything_that_a_program_may_want(exported):
    told = built(exported("motion"))
    assert told["export"] == str(exported("motion"))
    assert (told["target"], told["network"]) == (this_machine().name, "compiled")
    assert told["parameters"]["model_parameters"]["input_features_count"] == 12
    assert Path(told["library"]).is_file()
    assert Path(told["log"]).is_file()
    assert (told["written"], told["libraries"]) == ([], [])
    again = built(exported("motion"))
    assert (again["was_cached"], again["compiled"]) == (True, 0)
    assert again["library"] == told["library"]


def test_without_an_export_it_is_that_of_the_variable_then_the_folder(exported, monkeypatch):
    shutil.copytree(exported("motion"), "model")
    assert built()["export"] == str(Path("model").absolute())
    monkeypatch.setenv("EI_MODEL", str(exported("motion")))
    assert built()["export"] == str(exported("motion"))
    monkeypatch.setenv("EI_MODEL", "nowhere")
    assert ei_runner("build").code == 2


def test_a_zip_is_built_as_its_folder_is(exported, tmp_path):
    path = zip_export(exported("motion"), tmp_path / "motion.zip")
    assert built(path)["parameters"] == built(exported("motion"))["parameters"]


@pytest.mark.parametrize("by", ["flag", "variable"])
def test_a_forced_build_compiles_everything_again(exported, warm_cache, monkeypatch, by):
    first = built(exported("motion"))
    if by == "variable":
        monkeypatch.setenv("FORCE_REBUILD", "1")
    again = built(exported("motion"), *(["--force-rebuild"] if by == "flag" else []))
    assert (first["compiled"], first["was_cached"]) == (0, False)  # only linked
    assert again["compiled"] > 3
    assert not again["was_cached"]
    assert again["sha256"] == first["sha256"]
    assert built(exported("motion"), "--no-force-rebuild")["was_cached"]


def test_a_network_that_a_backend_runs_is_opened_with_it(exported):
    pytest.importorskip("ei_runner_full_tflite")
    told = built(exported("dense", network="incbin"), "--network", "full-tflite")
    assert told["network"] == "full-tflite"
    assert told["parameters"]["model_parameters"]["labels"] == ["one", "two", "three", "four"]


def test_a_library_for_another_machine_is_built_and_not_opened(exported):
    target = other_target() if shutil.which("aarch64-linux-gnu-g++") else None
    if target is None:
        pytest.skip("there is no cross compiler")
    told = built(exported("motion"), "--target", target.name)
    assert (told["target"], told["parameters"]) == (target.name, None)
    with Path(told["library"]).open("rb") as file:
        assert read_native_file(Content(file)).machines != (os.uname().machine,)
    shown = ei_runner("build", exported("motion"), FAST, "--target", target.name).out
    assert "\nopened   no, it is for another machine\n" in shown


# ------------------------------------------------------------------------- where it is written to


def test_the_library_is_written_to_a_file_or_into_a_folder(exported):
    told = built(exported("motion"), "-o", "a/hand.so")
    assert told["written"] == ["a/hand.so"]
    assert built(exported("motion"), "-o", "b/c")["written"] == ["b/c/model.so"]
    expected = answer_of(exported("motion"), cflags="-O0")
    assert answer_of("a/hand.so") == answer_of("b/c") == expected
    assert sorted(path.name for path in Path().rglob("*") if path.is_file()) == [
        "hand.so",
        "model.so",
    ]


def test_what_is_there_is_replaced_only_on_demand(exported):
    Path("hand.so").write_text("mine")
    Path("model.so").write_text("mine")
    for output in ("hand.so", "."):
        answer = ei_runner("build", exported("motion"), FAST, "-o", output)
        assert answer.code == 2
        assert "exists already; name another place, or replace it with --force" in answer.problem
        assert built(exported("motion"), "-o", output, "--force")["written"]
    assert Path("hand.so").read_bytes() == Path("model.so").read_bytes() != b"mine"


def test_a_library_in_the_export_changes_nothing(tmp_path):
    folder = write_export(tmp_path / "export")
    assert built(folder, "-o", folder)["written"] == [str(folder / "model.so")]
    assert built(folder)["was_cached"]


def test_a_place_that_cannot_be_written_to_is_a_clear_error(exported):
    Path("file").touch()
    answer = ei_runner("build", exported("motion"), FAST, "-o", "file/model.so")
    assert (answer.code, "cannot write the library" in answer.problem) == (2, True)


# ------------------------------------------------------------------------------------ the plan


def test_the_plan_compiles_nothing(exported, own_cache):
    answer = ei_runner("build", exported("motion"), "--plan")
    assert answer.code == 0
    assert f"target\n  {this_machine().name}\n" in answer.out
    assert "always compiled\n  <shim>/ei_runner.cpp\n" in answer.out
    document = ei_runner("build", exported("motion"), "--plan", "--json").document
    assert document["network"] == "compiled"
    assert not list(own_cache.rglob("*.o"))
    assert not list(own_cache.rglob("*.so"))


def test_the_plan_needs_no_sdk_of_a_vendor_and_the_build_does(exported):
    export = exported("dense", network="array")
    flags = ["--use-tvm", "--tvm-home", "/none", "--use-full-tflite", "--target=linux-aarch64"]
    plan = ei_runner("build", export, "--plan", "--json", *flags).document
    assert {"path": "/none", "missing": True} in [
        {"path": need["path"], "missing": need["missing"]} for need in plan["needs"]
    ]
    answer = ei_runner("build", export, *flags)
    assert answer.code == 1
    assert "is missing" in answer.problem or "no C++ compiler" in answer.problem


# --------------------------------------------------------------------------------------- flags


def test_every_field_of_the_options_is_an_option():
    of_the_build = {parameter.name for parameter in build.params} & OPTION_NAMES
    assert of_the_build == set(BuildOptions.__struct_fields__)


def test_flags_are_read_as_options_and_with_their_opposites():
    arguments = ["--use-full-tflite", "--no-use-tvm", "--timeout=5", "--target_jetson"]
    values = build.make_context("build", arguments).params
    options = BuildOptions.read(chosen(values), {"USE_TVM": "1", "USE_ONNX": "1"})
    assert options == BuildOptions(
        use_full_tflite=True, use_onnx=True, build_timeout=5, target_jetson=True
    )


def test_a_flag_wins_over_its_variable(exported, monkeypatch):
    monkeypatch.setenv("USE_TVM", "1")
    assert ei_runner("build", exported("motion"), "--plan").code == 2
    assert ei_runner("build", exported("motion"), "--plan", "--no-use-tvm").code == 0


def test_options_can_be_given_by_name(exported):
    plan = ["build", exported("motion"), "--plan", "--json"]
    assert ei_runner(*plan, "--option", "USE_TVM=0", "--option", "march=native").code == 0
    answer = ei_runner(*plan, "--option", "optimise=1")
    assert (answer.code, "'optimise'" in answer.problem) == (2, True)


def test_the_help_fits_into_a_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    answer = ei_runner("build", "--help")
    assert max(map(len, answer.out.splitlines())) <= 80
    sections = [line for line in answer.out.splitlines() if line.endswith(":") and line[0] != " "]
    assert len(sections) == 6
    assert "--no-use-tvm" not in answer.out


# ------------------------------------------------------------------------------------- failures


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--version", "2"], "--version is that of a wheel; name it with --wheel NAME"),
        (["--plan", "-o", "a.so"], "--plan builds nothing; leave --wheel and --output out"),
        (["--target", "amiga"], "the target 'amiga' is unknown; there are linux-x86_64"),
        (["--use-full-tflite"], "USE_FULL_TFLITE=1 needs a network as a flatbuffer"),
        (["--timeout", "soon"], "a number of seconds above 0 and at most a week"),
        (["--wheel", "no name"], "a package cannot be called 'no name'"),
    ],
)
def test_wrong_usage_is_one_line_and_builds_nothing(exported, own_cache, arguments, message):
    answer = ei_runner("build", exported("motion"), *arguments)
    assert answer.code == 2
    assert message in answer.problem
    assert not list(own_cache.rglob("*.so"))


def test_only_exports_are_built(exported):
    Path("bundle").mkdir()
    Path("bundle/network.tflite").write_bytes(b"x")
    answer = ei_runner("build", "bundle")
    assert (answer.code, "of the kind 'network', expected a C++" in answer.problem) == (2, True)
    answer = ei_runner("build", built(exported("motion"))["library"])
    assert (answer.code, "it is built already" in answer.problem) == (2, True)


def test_a_build_that_fails_is_one_line_and_the_exit_code_1(tmp_path):
    broken = {"tflite-model/tflite_learn_1_compiled.cpp": "int broken("}
    answer = ei_runner("build", write_export(tmp_path / "export", changes=broken))
    assert answer.code == 1
    assert "tflite_learn_1_compiled.cpp" in answer.problem


def test_a_library_that_does_not_open_is_an_error(tmp_path):
    export = write_export(tmp_path / "export", changes={"tflite-model/aborts.cpp": ABORTS})
    answer = ei_runner("build", export, FAST, "-o", "out")
    assert answer.code == 1
    assert "the library was built, and does not open: " in answer.problem
    assert not Path("out").exists()


# --------------------------------------------------------------------------------------- cleaning


@pytest.fixture
def dropped(warm_cache, exported, here):
    """An export in ``./model`` and one elsewhere, both built, and two files that stay."""
    shutil.copytree(exported("motion"), "model/small")
    for name in ("README.md", ".gitignore"):
        Path("model", name).write_text("stays")
    shutil.copytree(exported("motion", project=44), "other")
    return built()["library"], built("other")["library"]


def test_cleaning_removes_what_was_built_and_what_lies_in_the_folder(dropped, monkeypatch):
    mine, others = dropped
    monkeypatch.setenv("CLEAN_MODEL", "1")
    told = ei_runner("build", "--json").document
    assert told["removed"]["files"] == ["model/small"]
    assert told["freed"] > 0
    assert not Path(mine).exists()
    assert Path(others).exists()
    assert sorted(path.name for path in Path("model").iterdir()) == [".gitignore", "README.md"]
    again = ei_runner("build")
    assert (again.code, again.out, again.err) == (0, "nothing was removed\n", "")


def test_an_export_elsewhere_stays_when_what_was_built_of_it_goes(dropped, monkeypatch):
    mine, others = dropped
    monkeypatch.setenv("EI_MODEL", "other")
    answer = ei_runner("build", "--clean")
    assert answer.code == 0
    assert f"removed the library of {Path('other').absolute()} for " in answer.out
    assert not Path(others).exists()
    assert Path(mine).exists()
    assert Path("other/model-parameters").is_dir()
    assert not Path("model/small").exists()


def test_the_same_export_elsewhere_is_the_same_model(exported, warm_cache):
    shutil.copytree(exported("motion"), "copy")
    library = built(exported("motion"))["library"]
    assert built("copy")["library"] == library
    assert ei_runner("build", "copy", "--clean").code == 0
    assert not Path(library).exists()


def test_cleaning_follows_no_link(exported, own_cache):
    shutil.copytree(exported("motion"), "other")
    Path("model").mkdir()
    Path("model/link").symlink_to(Path("other").absolute())
    assert ei_runner("build", "--clean").out == "removed model/link\n"
    Path("model").rmdir()
    Path("model").symlink_to("other")
    assert ei_runner("build", "--clean").out == "nothing was removed\n"
    assert Path("other/model-parameters").is_dir()


def test_the_unpacked_zip_goes_too(exported, warm_cache, tmp_path):
    path = zip_export(exported("motion"), tmp_path / "motion.zip")
    built(path)
    exports = warm_cache / "sdk-ffi" / "exports"
    assert list(exports.iterdir())
    assert ei_runner("build", path, "--clean").code == 0
    assert not list(exports.iterdir())
    assert path.exists()


def test_a_value_that_is_no_switch_cleans_nothing(dropped, monkeypatch):
    monkeypatch.setenv("CLEAN_MODEL", "maybe")
    answer = ei_runner("build")
    assert (answer.code, "CLEAN_MODEL of the environment is 'maybe'" in answer.problem) == (2, True)
    monkeypatch.setenv("CLEAN_MODEL", "0")
    assert built()["was_cached"]


@pytest.mark.parametrize(("typed", "goes"), [("\n", False), ("n\n", False), ("y\n", True)])
def test_in_a_terminal_it_asks_first(dropped, typed, goes):
    ours, theirs = pty.openpty()
    try:
        os.write(ours, typed.encode())
        command = [sys.executable, "-m", "ei_runner_core", "build", "--clean", "--json"]
        run = subprocess.run(command, stdin=theirs, capture_output=True, text=True, timeout=60)
    finally:
        os.close(ours)
        os.close(theirs)
    assert run.returncode == 0
    assert "Remove all of this? [y/N]" in run.stderr
    assert bool(json.loads(run.stdout)["freed"]) is goes
    assert Path("model/small").exists() is not goes
