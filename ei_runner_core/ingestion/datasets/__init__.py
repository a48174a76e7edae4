"""Reading folders of data, in the layouts that people have them in, and writing one.

:func:`read_dataset` gives the samples of a folder, :func:`write_info_labels` writes down what is
known about samples so that reading gives the same again.
"""

from .categories import CATEGORIES
from .folder import DATASET_KINDS, detect_kind, read_dataset, read_files
from .info_writing import append_info_label, write_info_labels
from .listing import OnSkipped

__all__ = [
    "CATEGORIES",
    "DATASET_KINDS",
    "OnSkipped",
    "append_info_label",
    "detect_kind",
    "read_dataset",
    "read_files",
    "write_info_labels",
]
