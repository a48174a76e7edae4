"""Tests that need a tool which is not Python: ``@pytest.mark.requires("compiler")``.

Such a test skips where the tool is missing. Where ``EI_RUNNER_REQUIRE=compiler,node,browser`` names
the tool, it fails instead, so that CI cannot skip by accident.
"""

from __future__ import annotations

import os
import shutil

import pytest

TOOLS = {
    "compiler": ("c++", "g++", "clang++"),
    "node": ("node",),
    "browser": ("chromium", "chromium-browser", "google-chrome"),
}
CONDITIONS = {"network"}  # the tests that need it find out themselves whether it is there
VARIABLE = "EI_RUNNER_REQUIRE"
REQUIRED = {name.strip() for name in os.environ.get(VARIABLE, "").split(",")} - {""}


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and refuse a misspelt variable."""
    config.addinivalue_line("markers", f"requires(tool): needs one of {', '.join(TOOLS)}")
    if unknown := REQUIRED - TOOLS.keys() - CONDITIONS:
        known = ", ".join([*TOOLS, *sorted(CONDITIONS)])
        raise pytest.UsageError(f"{VARIABLE} names {', '.join(sorted(unknown))}, expected {known}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose tool is missing, or fail it where the tool is required."""
    for marker in item.iter_markers("requires"):
        (tool,) = marker.args
        if not any(map(shutil.which, TOOLS[tool])):
            problem = f"needs a {tool}: none of {', '.join(TOOLS[tool])} is on the path"
            if tool in REQUIRED:
                pytest.fail(f"{problem}, and {VARIABLE} names it", pytrace=False)
            pytest.skip(problem)
