"""The text in front of a packaged model: a shell script that finds a Python for it."""

from __future__ import annotations

import shlex

__all__ = ["MAIN", "MARK", "launcher"]

MARK = "A model that ei-runner serves as an .eim."
"""Stands in the head of each packaged model."""

MAIN = """\
import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback of what has hardly begun

from ei_runner_eim.serving.packaged import main

sys.exit(main(sys.argv[0], sys.argv[1:]))
"""

_LAUNCHER = """\
#!/bin/sh
# {mark} Behind this script stands a zip archive: the model.
case $0 in
  */*) self=$0 ;;
  *) if [ -f "$0" ]; then self=./$0; else self=$(command -v "$0"); fi ;;
esac
probe='import sys; sys.path[:] = filter(None, sys.path); import ei_runner_eim'
for python in "$EI_RUNNER_PYTHON" {python} python3 python; do
  if [ -n "$python" ] && "$python" -c "$probe" </dev/null >/dev/null 2>&1; then
    exec "$python" "$self" "$@"
  fi
done
echo "$0: no Python with ei-runner-eim was found; install it with: pip install 'ei-runner[eim]'," \\
  "or name a Python that has it in EI_RUNNER_PYTHON" >&2
exit 127
"""


def launcher(python: str | None) -> str:
    """The script; it tries EI_RUNNER_PYTHON, then this Python, then those on the path."""
    return _LAUNCHER.replace("{mark}", MARK).replace("{python}", shlex.quote(python or ""))
