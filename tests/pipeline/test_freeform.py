"""A bare network as a model: what a session gives is held against what it promised."""

from __future__ import annotations

import numpy as np
import pytest

from ei_runner_core import PluginError, TensorSession, TensorSpec
from ei_runner_core.impulse import FreeformInput, Impulse, NetworkBlock
from ei_runner_core.pipeline import FreeformImpulse

IMPULSE = Impulse(name="bare", input=FreeformInput(), learn=(NetworkBlock(id=1, files=("x",)),))


class Session(TensorSession):
    """Gives its input back, as often as it is told to."""

    inputs = (TensorSpec("x", (2,), "float32"),)
    outputs = (TensorSpec("y", (2,), "float32"), TensorSpec("y", (2,), "float32"))

    def __init__(self, given):
        self.given = given

    def run(self, inputs):
        return tuple(inputs) * self.given

    def close(self):
        pass


def test_outputs_of_one_name_get_names_of_their_own():
    with FreeformImpulse(IMPULSE, Session(2)) as impulse:
        assert list(impulse.freeform(np.zeros(2, np.float32))) == ["y", "y_1"]


@pytest.mark.parametrize("given", [0, 1, 3])
def test_another_number_of_outputs_than_promised_is_blamed_on_the_backend(given):
    impulse = FreeformImpulse(IMPULSE, Session(given))
    with pytest.raises(PluginError, match=f"promised 2 outputs, but gave {given}; report it"):
        impulse.freeform(np.zeros(2, np.float32))


def test_it_tells_its_tensors():
    with FreeformImpulse(IMPULSE, Session(2)) as impulse:
        assert impulse.inputs == Session.inputs
        assert impulse.outputs == Session.outputs
