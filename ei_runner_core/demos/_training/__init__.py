"""What the scripts that train the demos have in common: converting, writing, scoring.

It needs TensorFlow 2.21 and tf2onnx, and is no part of the installed package.
"""

from __future__ import annotations

import os

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # its rounding differs from one processor to the next
