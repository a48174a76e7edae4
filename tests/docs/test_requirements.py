"""A test that needs a tool skips without it, and fails where the tool is required."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """One test that needs a compiler, on a machine without one."""
    shutil.copy(ROOT / "conftest.py", pytester.path)
    pytester.makepyfile("import pytest\n@pytest.mark.requires('compiler')\ndef test_it(): pass")
    monkeypatch.setenv("PATH", str(pytester.path / "nothing"))
    monkeypatch.delenv("EI_RUNNER_REQUIRE", raising=False)
    return pytester


def run(project: pytest.Pytester) -> pytest.RunResult:
    return project.run(sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider")


def test_a_test_whose_tool_is_missing_skips_with_a_reason(project: pytest.Pytester) -> None:
    result = run(project)
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines("*needs a compiler: none of *g++* is on the path")


def test_it_fails_where_the_tool_is_required(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EI_RUNNER_REQUIRE", "compiler,node")
    result = run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines("*EI_RUNNER_REQUIRE names it*")


def test_it_runs_where_the_tool_is_there(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = project.path / "g++"
    compiler.write_text("#!/bin/sh\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", str(project.path))
    run(project).assert_outcomes(passed=1)


def test_a_misspelt_requirement_is_an_error(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EI_RUNNER_REQUIRE", "compilr")
    result = run(project)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*EI_RUNNER_REQUIRE names compilr, expected compiler, node, *")
