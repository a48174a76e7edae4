"""Images on their way into a model, and what a model finds on its way back.

An image is loaded, resized as the impulse says, and packed into the numbers that a model takes; a
:class:`ImageMapping` then brings boxes, tracks and grids back to the original image.

Everything works on RGB arrays, uint8, shape (height, width, 3). Pillow is imported when an image is
loaded or resized; arrays of the right size need nothing.
"""

from __future__ import annotations

from .loading import load_image
from .mapping import ImageMapping, image_mapping
from .packing import pack
from .resizing import resize

__all__ = ["ImageMapping", "image_mapping", "load_image", "pack", "resize"]
