"""Runs ``.onnx``, ``.tflite`` and ``.xml`` networks with OpenVINO, for ei-runner."""
