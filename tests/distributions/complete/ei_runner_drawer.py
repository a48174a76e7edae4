from pathlib import Path

from ei_runner_core import IngestionError, Receipt, Uploader
from ei_runner_core.authoring import read_options


class Drawer(Uploader):
    def __init__(self, options):
        self.folder = read_options("drawer", options, {"folder": Path})["folder"]
        self.place = f"the drawer {self.folder}"

    def upload(self, sample):
        if self.folder is None:
            raise IngestionError("the drawer is closed")
        if reason := refused(sample):
            return Receipt(sample.filename, ok=False, message=reason)
        path, content = self.folder / sample.filename, sample.read()
        if path.exists():
            is_equal = path.read_bytes() == content
            message = "the drawer holds one of that name"
            return Receipt(sample.filename, ok=False, message=message, is_duplicate=is_equal)
        path.write_bytes(content)
        return Receipt(sample.filename, ok=True)

    def close(self):
        self.folder = None


def refused(sample):
    name = sample.filename
    if name != Path(name).name or not name.isprintable() or "\\" in name or not name.strip("."):
        return "the name is no plain file name"
    if sample.bounding_boxes or sample.structured_labels or sample.attachments:
        return "the drawer keeps bytes alone"
    return ""
