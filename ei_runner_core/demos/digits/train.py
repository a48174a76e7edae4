"""Train the digit classifier and write the bundles, the samples and the scores of this folder.

It needs TensorFlow 2.21, ai-edge-litert, scikit-learn, Pillow and msgspec, and half a minute::

    python -m ei_runner_core.demos.digits.train

The seed, the split and the order of the arithmetic are fixed: with the same versions on the same
kind of processor, it writes the same bytes again.
"""

# TensorFlow, LiteRT and scikit-learn bring no types, and only this script needs them.
# mypy: disable-error-code="import-not-found,import-untyped"

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # its rounding differs from one processor to the next

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from PIL import Image
from sklearn import datasets, model_selection

from ei_runner_core import dsp
from ei_runner_core.impulse import (
    DspBlock,
    ImageInput,
    Impulse,
    NetworkBlock,
    PostProcessingBlock,
    dump_impulse,
)
from ei_runner_core.parameters import ProjectInfo

FOLDER = Path(__file__).parent
SEED = 0
HELD_OUT = 450
SAMPLES_PER_DIGIT = 4
HEADROOM = 1.05
EPOCHS = 20
BATCH = 32
SIZE = 8
DIGITS = range(10)
TABLE_HEAD = (
    "| variant | bytes | accuracy | mistakes | which |",
    "| --- | ---: | ---: | ---: | --- |",
)


class Digits(NamedTuple):
    """Images, uint8 of shape (n, 8, 8) and 0 to 255, and their digits, uint8 of shape (n,)."""

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]


def load_split() -> tuple[Digits, Digits]:
    """The images to train on and the held-out ones, each digit in equal parts in both."""
    data = datasets.load_digits()
    images = np.round(data.images * 255 / 16).astype(np.uint8)
    labels = data.target.astype(np.uint8)
    kept, held, kept_labels, held_labels = model_selection.train_test_split(
        images, labels, test_size=HELD_OUT, random_state=SEED, stratify=labels
    )
    return Digits(kept, kept_labels), Digits(held, held_labels)


def shifted(digits: Digits) -> Digits:
    """The images as they are, and each one moved by a pixel in the four directions."""
    padded = np.pad(digits.images, ((0, 0), (1, 1), (1, 1)))
    corners = ((1, 1), (1, 0), (1, 2), (0, 1), (2, 1))
    moved = [padded[:, y : y + SIZE, x : x + SIZE] for y, x in corners]
    return Digits(np.concatenate(moved), np.tile(digits.labels, len(corners)))


def grayscale(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """What the image block feeds to a float network for gray pixels, shape (n, 8, 8, 1), 0 to 1."""
    value = images[..., np.newaxis].astype(np.float32) / np.float32(255)
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    red, green, blue = (weight * value for weight in weights)
    gray: npt.NDArray[np.float32] = red + green + blue
    return gray


def build_network() -> Any:
    """A small convolutional network from an image to ten probabilities."""
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            tf.keras.Input((SIZE, SIZE, 1)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(len(DIGITS), activation="softmax"),
        ]
    )


def train(digits: Digits) -> Any:
    """The trained network."""
    tf.keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    more = shifted(digits)
    network = build_network()
    steps = EPOCHS * len(more.labels) // BATCH
    rate = tf.keras.optimizers.schedules.CosineDecay(2e-3, steps)
    network.compile(tf.keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    network.fit(grayscale(more.images), more.labels, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return network


def convert(network: Any, calibration: Digits | None = None) -> bytes:
    """The network as a ``.tflite`` for one image at a time, in int8 if there is calibration."""
    signature = [tf.TensorSpec((1, SIZE, SIZE, 1), tf.float32, name="image")]
    with TemporaryDirectory() as folder:
        network.export(folder, verbose=False, input_signature=signature)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if calibration is not None:
            quantize(converter, grayscale(calibration.images))
        return bytes(converter.convert())


def quantize(converter: Any, inputs: npt.NDArray[np.float32]) -> None:
    """Make all of the network int8, its input and output too.

    The calibration leaves some room above white, so that the scale of the input is not 1/255. With
    exactly that scale the C++ SDK takes a short cut in integers, which makes gray pixels one step
    darker; without it the input is the gray level over the scale, as anybody would compute it.
    """
    inputs = inputs * np.float32(HEADROOM)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([inputs[i : i + 1]] for i in range(len(inputs)))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8


def answers(content: bytes, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp]:
    """The digit that a ``.tflite`` sees in each image."""
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]
    target = interpreter.get_output_details()[0]["index"]
    inputs: npt.NDArray[Any] = grayscale(images)
    if source["dtype"] == np.int8:
        inputs = dsp.quantize(inputs, *source["quantization"])
    scores = []
    for i in range(len(inputs)):
        interpreter.set_tensor(source["index"], inputs[i : i + 1])
        interpreter.invoke()
        scores.append(interpreter.get_tensor(target)[0])
    digits: npt.NDArray[np.intp] = np.argmax(scores, axis=1)
    return digits


def impulse(variant: str) -> Impulse:
    """The impulse around the network, the same for every variant but for its name."""
    return Impulse(
        name=f"digits {variant}",
        project=ProjectInfo(name="digits demo"),
        input=ImageInput(width=SIZE, height=SIZE, channels=1, resize_mode="squash"),
        labels=tuple(map(str, DIGITS)),
        dsp=(
            DspBlock(
                id=2,
                type="image",
                name="Image",
                outputs=SIZE * SIZE,
                config={"channels": "Grayscale"},
            ),
        ),
        learn=(NetworkBlock(id=3, name="Digits", inputs=(2,), files=("network.tflite",)),),
        postprocessing=(PostProcessingBlock(id=4, type="classification", input=3),),
        engine="tflite",
    )


def write_bundle(variant: str, content: bytes) -> None:
    """Write the two files of a bundle."""
    bundle = FOLDER / variant
    bundle.mkdir(exist_ok=True)
    bundle.joinpath("impulse.json").write_text(dump_impulse(impulse(variant)), encoding="utf-8")
    bundle.joinpath("network.tflite").write_bytes(content)


def write_samples(held_out: Digits) -> None:
    """Write all held-out images compactly, and the first few of each digit as PNG files."""
    samples = FOLDER / "samples"
    samples.mkdir(exist_ok=True)
    for old in samples.glob("*.png"):
        old.unlink()
    np.savez_compressed(FOLDER / "held_out.npz", images=held_out.images, labels=held_out.labels)
    labels = {}
    for digit in DIGITS:
        for index in np.flatnonzero(held_out.labels == digit)[:SAMPLES_PER_DIGIT]:
            name = f"{digit}_{index:03}.png"
            Image.fromarray(held_out.images[index]).save(samples / name, optimize=True)
            labels[name] = str(digit)
    (FOLDER / "labels.json").write_text(json.dumps(labels, indent=2) + "\n", "utf-8")


def score_row(variant: str, size: int, seen: npt.NDArray[np.intp], held_out: Digits) -> str:
    """One row of the table of scores, with the held-out images that were taken for others."""
    wrong = np.flatnonzero(seen != held_out.labels)
    accuracy = 1 - len(wrong) / len(seen)
    mistakes = ", ".join(f"no. {i}: {held_out.labels[i]} seen as {seen[i]}" for i in wrong)
    return f"| {variant} | {size:,} | {accuracy:.4f} | {len(wrong)} | {mistakes or 'none'} |"


def write_scores(table: str) -> None:
    """Put the table between the two marks of the model card."""
    card = FOLDER / "MODEL_CARD.md"
    marks = re.compile(r"(?<=<!-- scores:begin -->\n).*(?=<!-- scores:end -->)", re.DOTALL)
    text, count = marks.subn(f"\n{table}\n\n", card.read_text(encoding="utf-8"))
    if count != 1:
        raise SystemExit(f"{card} needs the marks 'scores:begin' and 'scores:end', once each")
    card.write_text(text, encoding="utf-8")


def main() -> None:
    """Train, write and score."""
    training, held_out = load_split()
    network = train(training)
    products = {"float32": convert(network), "int8": convert(network, training)}
    for variant, content in products.items():
        write_bundle(variant, content)
    write_samples(held_out)
    rows = [
        score_row(variant, len(content), answers(content, held_out.images), held_out)
        for variant, content in products.items()
    ]
    table = "\n".join([*TABLE_HEAD, *rows])
    write_scores(table)
    sys.stdout.write(f"{table}\n")


if __name__ == "__main__":
    main()
