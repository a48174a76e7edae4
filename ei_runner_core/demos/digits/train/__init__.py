"""Train the digit classifier and write the bundles, the samples and the scores of its folder.

It needs TensorFlow 2.21, tf2onnx, ai-edge-litert, onnxruntime, scikit-learn and Pillow, and half a
minute::

    python -m ei_runner_core.demos.digits.train

The seed, the split and the order of the arithmetic are fixed: with the same versions on the same
kind of processor, it writes the same bytes again.
"""
