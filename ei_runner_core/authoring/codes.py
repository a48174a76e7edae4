"""What the error codes of Edge Impulse's SDK mean, in words for users."""

from __future__ import annotations

__all__ = ["meaning_of_code"]

_MEANINGS = {
    -1: "the shapes of the model and its input differ",
    -2: "the inference was cancelled",
    -3: "TensorFlow Lite failed",
    -5: "the signal processing failed, or cannot work on slices",
    -6: "there is not enough memory for the tensors",
    -7: "Cube.AI failed",
    -8: "there is not enough memory",
    -9: "the engine takes images only",
    -10: "the engine is not supported on this device",
    -11: "out of memory",
    -13: "an input of the network is missing",
    -14: "an output of the network is missing",
    -15: "the scores of the network are missing",
    -16: "the labels of the network are missing",
    -17: "TensorRT could not be started",
    -18: "DRP-AI could not be started",
    -19: "DRP-AI failed",
    -20: "the model is too old for this runner: export it again",
    -21: "the last layer of the network is not available",
    -22: "the inference failed",
    -23: "Akida failed",
    -24: "the size of the input is wrong",
    -25: "ONNX Runtime failed",
    -26: "MemryX failed",
    -27: "the accelerator could not be started",
    -28: "the last layer of the network is not supported",
    -29: "the post-processing failed",
    -30: "the normalisation of the features failed",
    -31: "the model gives tensors that the runner has no room for",
    -32: "the model gives tensors of another size than the runner expects",
    -33: "an output of the network is missing",
    -34: "there is no threshold of that name",
    -35: "the runner uses a call that was removed",
    -36: "Nordic Axon failed",
}


def meaning_of_code(code: int) -> str:
    """What an error code of the SDK means, as a clause; empty if it is not known.

    Args:
        code: what ``run_classifier`` returned, an ``EI_IMPULSE_ERROR``.
    """
    return _MEANINGS.get(code, "")
