"""``python -m ei_runner_core`` does what the command ``ei-runner`` does."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
