"""Makes the tiny models beside this file. Run by hand, with TensorFlow 2.21, from any folder:

    python backends/full-tflite/tests/models/make_models.py

Weights are drawn from a fixed seed, so that a second run changes nothing of importance.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import functools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

HERE = Path(__file__).parent
RANDOM = np.random.default_rng(1)
WEIGHTS = RANDOM.normal(size=(4, 3)).astype(np.float32)
KERNEL = RANDOM.normal(size=(3, 3, 1, 2)).astype(np.float32)


def spec(shape: list[int | None], dtype: Any, name: str) -> tf.TensorSpec:
    return tf.TensorSpec(shape, dtype, name=name)


def convert(function: Callable[..., Any], *specs: tf.TensorSpec, **settings: Any) -> bytes:
    concrete = tf.function(function).get_concrete_function(*specs)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    for name, value in settings.items():
        *path, last = name.split(".")
        setattr(functools.reduce(getattr, path, converter), last, value)
    return converter.convert()


def add_one(x: Any) -> Any:
    return x + 1.0


def dense(x: Any) -> Any:
    return x @ WEIGHTS


def conv(x: Any) -> Any:
    y = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(x, KERNEL, 1, "SAME")), 2, 2, "VALID")
    left, right = tf.split(tf.reshape(y, [1, 18]), 2, axis=1)
    return tf.nn.softmax(left - right)


def samples(*shape: int) -> Callable[[], Iterator[list[Any]]]:
    def draw() -> Iterator[list[Any]]:
        random = np.random.default_rng(2)
        for _ in range(20):
            yield [random.uniform(-2, 2, size=shape).astype(np.float32)]

    return draw


def quantized(
    function: Callable[..., Any], dtype: Any, signature: tf.TensorSpec, shape: tuple[int, ...]
) -> bytes:
    return convert(
        function,
        signature,
        optimizations=[tf.lite.Optimize.DEFAULT],
        representative_dataset=samples(*shape),
        inference_input_type=dtype,
        inference_output_type=dtype,
    )


def two_by_two(a: Any, b: Any) -> Any:
    return a * 2.0, b + 1


def many_dtypes(half: Any, wide: Any, flag: Any) -> Any:
    return tf.cast(half, tf.float32) * 2.0, wide + 1, tf.logical_not(flag), half


def spin(count: Any) -> Any:
    """Counts up to its input: a run that takes as long as a test wants."""
    return tf.while_loop(lambda i: i < count, lambda i: [i + 1], [tf.constant(0)])[0]


class Signatures(tf.Module):
    @tf.function(input_signature=[spec([None, 2], tf.float32, "x")])
    def double(self, x: Any) -> dict[str, Any]:
        return {"doubled": x * 2.0}

    @tf.function(input_signature=[spec([2], tf.float32, "left"), spec([2], tf.float32, "right")])
    def combine(self, left: Any, right: Any) -> dict[str, Any]:
        return {"sum": left + right, "difference": left - right}


class Counter(tf.Module):
    def __init__(self) -> None:
        super().__init__()
        self.total = tf.Variable(tf.zeros([1]), trainable=False)

    @tf.function(input_signature=[spec([1], tf.float32, "x")])
    def count(self, x: Any) -> dict[str, Any]:
        return {"total": self.total.assign_add(x + 1.0)}


def convert_module(module: tf.Module, signatures: dict[str, Any], **settings: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=signatures)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=list(signatures)
        )
        for name, value in settings.items():
            setattr(converter, name, value)
        return converter.convert()


def two_signatures() -> bytes:
    module = Signatures()
    return convert_module(module, {"double": module.double, "combine": module.combine})


def counter() -> bytes:
    module = Counter()
    return convert_module(
        module, {"count": module.count}, experimental_enable_resource_variables=True
    )


def edited(content: bytes, edit: Callable[[Any], None]) -> bytes:
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    edit(model)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def make_custom(name: str) -> Callable[[Any], None]:
    def edit(model: Any) -> None:
        code = model.operatorCodes[0]
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode = name
        operator = model.subgraphs[0].operators[0]
        operator.builtinOptionsType, operator.builtinOptions = 0, None

    return edit


def make_newer(model: Any) -> None:
    model.operatorCodes[0].version = 99


def make_per_channel(model: Any) -> None:
    graph = model.subgraphs[0]
    quantization = graph.tensors[graph.outputs[0]].quantization
    quantization.scale, quantization.zeroPoint = [0.5, 0.25, 0.125], [0, 0, 0]
    quantization.quantizedDimension = 1


def make_subnormal_scale(model: Any) -> None:
    """An activation with next to no range: XNNPACK refuses it, the plain kernels run it."""
    graph = model.subgraphs[0]
    pooled = graph.tensors[graph.operators[1].outputs[0]]
    pooled.quantization.scale = [1e-40]


def make_impossible_default_shape(model: Any) -> None:
    """A dynamic model whose stored shape cannot run: only the real shape can."""
    graph = model.subgraphs[0]
    graph.tensors[graph.inputs[0]].shape = [1, 1, 1]


def windowed(x: Any) -> Any:
    return tf.nn.conv1d(x, WEIGHTS.reshape(4, 1, 3), 1, "VALID")


def models() -> Iterator[tuple[str, bytes]]:
    row = spec([1, 4], tf.float32, "x")
    add = convert(add_one, row)
    int8 = quantized(dense, tf.int8, row, (1, 4))
    image = spec([1, 6, 6, 1], tf.float32, "image")
    conv_int8 = quantized(conv, tf.int8, image, (1, 6, 6, 1))
    yield "add", add
    yield "dense_int8", int8
    yield "dense_uint8", quantized(dense, tf.uint8, row, (1, 4))
    yield "conv", convert(conv, image)
    yield "conv_int8", conv_int8
    yield (
        "conv_half",
        convert(
            conv,
            image,
            optimizations=[tf.lite.Optimize.DEFAULT],
            **{"target_spec.supported_types": [tf.float16]},
        ),
    )
    yield "two_by_two", convert(two_by_two, spec([1, 3], tf.float32, "a"), spec([2], tf.int32, "b"))
    yield (
        "many_dtypes",
        convert(
            many_dtypes,
            spec([2], tf.float16, "half"),
            spec([2], tf.int64, "wide"),
            spec([2], tf.bool, "flag"),
        ),
    )
    yield "scalar", convert(add_one, spec([], tf.float32, "x"))
    yield "spin", convert(spin, spec([], tf.int32, "count"))
    yield "dynamic_batch", convert(dense, spec([None, 4], tf.float32, "x"))
    yield (
        "window",
        edited(
            convert(windowed, spec([1, None, 1], tf.float32, "x")), make_impossible_default_shape
        ),
    )
    yield "signatures", two_signatures()
    yield "counter", counter()
    yield "string", convert(lambda text: tf.gather(text, [0]), spec([2], tf.string, "text"))
    yield "custom_op", edited(add, make_custom("Frobnicate"))
    yield "flex_op", edited(add, make_custom("FlexLgamma"))
    yield "newer_op", edited(add, make_newer)
    yield "per_channel_output", edited(int8, make_per_channel)
    yield "no_xnnpack", edited(conv_int8, make_subnormal_scale)


if __name__ == "__main__":
    for name, content in models():
        (HERE / f"{name}.tflite").write_bytes(content)
        print(f"{name:20} {len(content):6} bytes")
