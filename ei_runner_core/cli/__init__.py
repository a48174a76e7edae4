"""The command line: one file a command, each imported when it is typed.

Every problem is one line on stderr and an exit code:

* 0: all is well,
* 1: an inference or a build failed, or ``doctor`` found something broken,
* 2: wrong usage, bad input, a model that cannot be opened,
* 130: interrupted, 141: whoever read the output went away.
"""

from ._main import main

__all__ = ["main"]
