"""Train the motion classifier and write the bundles, the samples and the scores of its folder.

It needs the data files of aeon (``pip install --no-deps aeon==1.6.0``), TensorFlow 2.21, tf2onnx,
scikit-learn, the backends full-tflite and onnx, and a minute::

    python -m ei_runner_core.demos.motion.train

The seeds, the split and the order of the arithmetic are fixed: with the same versions on the same
kind of processor, it writes the same bytes again.
"""
