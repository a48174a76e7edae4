"""The other direction: a model on any backend that answers as an ``.eim`` executable does.

``server`` is where it begins: it listens, opens the model, and lets a ``Dialogue`` answer the
messages of one client. ``archive`` makes a file of a model that serves itself.
"""

from __future__ import annotations

__all__: list[str] = []
