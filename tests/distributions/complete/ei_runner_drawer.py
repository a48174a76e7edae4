from pathlib import Path

from ei_runner_core import IngestionError, Receipt, Uploader
from ei_runner_core.authoring import read_options


class Drawer(Uploader):
    def __init__(self, options):
        self.folder = read_options("drawer", options, {"folder": Path})["folder"]

    def upload(self, sample):
        if self.folder is None:
            raise IngestionError("the drawer is closed")
        if (
            sample.filename != Path(sample.filename).name
            or not sample.filename.isprintable()
            or "\\" in sample.filename
        ):
            return Receipt(sample.filename, ok=False, message="the name is no plain file name")
        if not sample.filename.strip("."):
            return Receipt(sample.filename, ok=False, message="the name is empty")
        (self.folder / sample.filename).write_bytes(sample.content)
        return Receipt(sample.filename, ok=True)

    def close(self):
        self.folder = None
