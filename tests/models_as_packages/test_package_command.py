"""`ei-runner package` makes the wheel from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from ei_runner_core.cli import main
from ei_runner_core.cli._app import ei_runner

WHEEL = "hand-1.0-py3-none-any.whl"


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(ei_runner, ["package", *arguments])


def test_the_command_prints_the_path_of_the_wheel(bundle: Path) -> None:
    result = invoke(str(bundle), "--name", "hand", "-o", "dist", "--backend", "onnx")
    assert (result.exit_code, result.stdout) == (0, f"{Path('dist', WHEEL)}\n")
    assert Path("dist", WHEEL).is_file()


def test_the_answer_is_also_there_for_programs(bundle: Path) -> None:
    result = invoke(str(bundle), "--name", "hand", "--version", "3", "--json")
    assert json.loads(result.stdout) == {"wheel": "hand-3-py3-none-any.whl"}


def test_a_mistake_is_one_line(bundle: Path, capsys) -> None:
    assert main(["package", str(bundle), "--name", "../x"]) == 2
    assert main(["package", str(bundle), "--name", "hand"]) == 0
    assert main(["package", str(bundle), "--name", "hand"]) == 2
    assert main(["package", str(bundle), "--name", "hand", "--force"]) == 0
    assert main(["package", str(bundle)]) == 2
    assert main(["package", "nowhere", "--name", "hand"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("ei-runner: error: ") for line in lines)
    assert "'../x'" in lines[0]
    assert f"{WHEEL} is there already" in lines[1]
    assert "Missing option '--name'" in lines[2]
    assert "there is no model at nowhere" in lines[3]
