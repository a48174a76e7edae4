"""Let a speech synthesiser speak, train the keyword spotter, and write all files of its folder.

It needs the program espeak-ng 1.51, TensorFlow 2.21, tf2onnx, the backends full-tflite and onnx,
and some minutes::

    python -m ei_runner_core.demos.keywords.train

The seeds and the order of the arithmetic are fixed: with the same versions on the same kind of
processor, it writes the same bytes again.
"""
