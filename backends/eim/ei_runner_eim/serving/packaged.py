"""What runs when a packaged model is started."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ei_runner_core import EdgeImpulseError

from .server import print_info, serve
from .streams import say

if TYPE_CHECKING:
    from ei_runner_core import EdgeImpulseModel

__all__ = ["SETTINGS_FILE", "main"]

SETTINGS_FILE = "ei-runner-eim.json"
_USAGE = "Requires one parameter (either: '--print-info', 'stdin' or the name of a socket)"
_PRINT_INFO = "--print-info"
_FAILED = 1
_BACKEND_VARIABLE = "EI_BACKEND"


def main(archive: str, arguments: Sequence[str]) -> int:
    """Serve the model of an archive.

    Args:
        archive: the file that was started.
        arguments: the first one is ``stdin``, ``--print-info`` or the path of a socket.

    Returns:
        The exit code.
    """
    if archive in sys.path:
        sys.path.remove(archive)  # no module is in there
    if not arguments or (arguments[0].startswith("-") and arguments[0] != _PRINT_INFO):
        say(_USAGE)
        return _FAILED
    opener = partial(_open, archive)
    try:
        if arguments[0] == _PRINT_INFO:
            return print_info(opener)
        return serve(opener, arguments[0])
    except EdgeImpulseError as error:
        from ei_runner_core.authoring import one_line

        say(f"{Path(archive).name}: error: {one_line(error)}", 2)
        return _FAILED


def _open(archive: str) -> EdgeImpulseModel:
    import json
    import zipfile

    from ei_runner_core import EdgeImpulseModel
    from ei_runner_core.impulse import read_bundle

    with zipfile.ZipFile(archive) as members:
        settings = json.loads(members.read(SETTINGS_FILE))
    if os.environ.get(_BACKEND_VARIABLE, "").lower() == "eim":
        del os.environ[_BACKEND_VARIABLE]  # it means this file, not what is in it
    bundle = read_bundle(Path(archive))
    return EdgeImpulseModel(bundle, backend=settings["backend"], options=settings["options"])
