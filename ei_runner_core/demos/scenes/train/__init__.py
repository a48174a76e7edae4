"""Compose scenes, train the finder of shapes, and write all files of its folder.

It needs TensorFlow 2.21, tf2onnx, Pillow, the backends full-tflite and onnx, and some minutes::

    python -m ei_runner_core.demos.scenes.train

The seeds and the order of the arithmetic are fixed: with the same versions on the same kind of
processor, it writes the same bytes again.
"""
