"""Listening to a network: what it is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

import numpy as np

from ei_runner_core import TensorSession

if TYPE_CHECKING:
    import numpy.typing as npt

    Arrays = tuple[npt.NDArray[np.generic], ...]

__all__ = ["RecordedSession", "TensorLog"]

_IN_MEMORY = 64 * 1024 * 1024  # bytes; what is more lies in a file that has no name


class TensorLog:
    """Groups of arrays, kept in order; they may be many more than fit into memory."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by close()
        self._sizes: list[int] = []

    def append(self, arrays: Sequence[npt.NDArray[np.generic]]) -> None:
        """Add a group; the arrays may change afterwards."""
        for array in arrays:
            np.lib.format.write_array(self._file, np.asarray(array), allow_pickle=False)
        self._sizes.append(len(arrays))

    def __iter__(self) -> Iterator[Arrays]:
        """All groups from the first on; only one iteration may go on at a time."""
        self._file.seek(0)
        for size in self._sizes:
            yield tuple(
                np.lib.format.read_array(self._file, allow_pickle=False) for _ in range(size)
            )

    def close(self) -> None:
        """Let go of all arrays."""
        self._file.close()


class RecordedSession(TensorSession):
    """A network that is listened to, once ``is_recording`` is set; closing it keeps the logs."""

    def __init__(self, session: TensorSession) -> None:
        self.inputs = session.inputs
        self.outputs = session.outputs
        self.asked = TensorLog()
        self.answered = TensorLog()
        self.is_recording = False
        self._session = session

    def run(self, inputs: Sequence[npt.NDArray[np.generic]]) -> Arrays:
        """Run the network once; see :meth:`ei_runner_core.TensorSession.run`."""
        outputs = self._session.run(inputs)
        if self.is_recording:
            self.asked.append(inputs)
            self.answered.append(outputs)
        return outputs

    def close(self) -> None:
        """Close the network and let the logs go."""
        self._session.close()
        self.asked.close()
        self.answered.close()
