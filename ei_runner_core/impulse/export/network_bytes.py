"""The bytes of networks: files beside the headers, or arrays in C.

Arrays of megabytes are cut out of their text and read as a whole, never by the grammar.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from ...contract import Network
from ...errors import ModelFormatError
from .files import ExportFiles
from .source import Source

__all__ = ["find_network"]

FOLDER = "tflite-model"
MAX_TEXT_BYTES = 2**28
MAX_NETWORK_BYTES = 2**30
_SOURCES = (".h", ".hpp", ".c", ".cc", ".cpp")
# every repetition is bounded, and none can take what the next one takes: they stay linear
_LAYOUT = re.compile(rb"//[^\n]*|/\*.*?(?:\*/|\Z)|\\\r?\n", re.DOTALL)
_ALIAS = rb"\b%b\s{0,99}(?:\[\s{0,99}\]\s{0,99})?=\s{0,99}g(\w{1,300}?)_?[dD]ata\b"
_INCBIN = (
    rb"INCBIN\s{0,99}\(\s{0,99}(?:\w{1,300}\s{0,99},\s{0,99})?"
    rb'%b\s{0,99},\s{0,99}"([^"\n]{1,500})"'
)
_ARRAY = rb"\b%b\s{0,99}\[\s{0,99}(?:(\d{1,12})\s{0,99})?\][^=;{}]{0,200}(?:=\s{0,99})?\{"
_NAMESPACE = rb"\bnamespace\s{1,99}%b\s{0,99}\{"
_LENGTH = rb"\b%b_(?:len|size)\s{0,99}=\s{0,99}(\d{1,12})"
_TWO_NUMBERS = re.compile(rb"\w\s+\w")
_BYTES = {
    form(i).encode(): i for i in range(256) for form in (str, "0x{:x}".format, "0x{:02x}".format)
}


def find_network(files: ExportFiles, source: Source, symbol: str) -> Network | None:
    """The network whose bytes have a name in the headers; None where no file holds it.

    Raises:
        ModelFormatError: the array is damaged, or its length is not the declared one.
    """
    namespace, _, name = symbol.rpartition("::")
    for file in _candidates(files, source, symbol):
        text = files.read(f"{FOLDER}/{file}", MAX_TEXT_BYTES)
        if name.encode() in text and _opens(text, namespace):
            found = _from_file(files, text, name) or _from_array(text, name)
            if found is not None:
                return found
    return None


def _opens(text: bytes, namespace: str) -> bool:
    """Whether a text has a namespace; every text has the global one."""
    return not namespace or re.search(_NAMESPACE % namespace.encode(), text) is not None


def _candidates(files: ExportFiles, source: Source, symbol: str) -> list[str]:
    """The sources of the folder: those that the headers include first, stray ones last."""
    included = {PurePosixPath(name).stem for name in source.includes}
    names = [name for name in files.names(FOLDER) if name.endswith(_SOURCES)]
    return sorted(names, key=lambda n: (PurePosixPath(n).stem not in included, symbol not in n, n))


def _from_file(files: ExportFiles, text: bytes, symbol: str) -> Network | None:
    if b"INCBIN" not in text:
        return None
    name = re.escape(symbol.encode())
    alias = re.search(_ALIAS % name, text)
    for included in (alias[1] if alias else name, name):
        match = re.search(_INCBIN % included, text)
        if match is not None:
            return _file_network(files, match[1].decode("utf-8", "replace"), symbol)
    return None


def _file_network(files: ExportFiles, stated: str, symbol: str) -> Network | None:
    """The file that is included; its path is often patched, but it lies beside the header."""
    name = PurePosixPath(stated.replace("\\", "/")).name
    if name not in files.names(FOLDER):
        return None
    path = files.path(f"{FOLDER}/{name}")
    if path is not None:
        if not path.is_file():  # a pipe would keep whoever opens it waiting
            raise ModelFormatError(
                f"cannot read {path}: it is no regular file; put the model there"
            )
        return Network(str(path), ".tflite", path=path)
    content = files.read(f"{FOLDER}/{name}", MAX_NETWORK_BYTES)
    return Network(f"{symbol}.tflite", ".tflite", content=content)


def _from_array(text: bytes, symbol: str) -> Network | None:
    match = re.search(_ARRAY % re.escape(symbol.encode()), text)
    if match is None:
        return None
    end = text.find(b"}", match.end())
    if end < 0:
        raise ModelFormatError(f"the array {symbol} is cut off; is the export damaged?")
    content = _bytes(text[match.end() : end], symbol)
    length = re.search(_LENGTH % re.escape(symbol.encode()), text)
    for declared in (match[1], length[1] if length else None):
        if declared and int(declared) != len(content):
            raise ModelFormatError(
                f"the array {symbol} is declared with {int(declared)} bytes and holds "
                f"{len(content)}; is the export damaged?"
            )
    return Network(f"{symbol}.tflite", ".tflite", content=content)


def _bytes(body: bytes, symbol: str) -> bytes:
    if b"/" in body or b"\\" in body:
        body = _LAYOUT.sub(b" ", body)
    digits = body.replace(b"0x", b" ").replace(b"0X", b" ").replace(b",", b" ")
    try:
        content = bytes.fromhex(digits.decode("ascii"))
        if len(content) == body.count(b",") + (not body.rstrip().endswith(b",")):
            return content  # two digits each, as generators write them
    except ValueError:
        pass
    if _TWO_NUMBERS.search(body):
        raise ModelFormatError(f"the array {symbol} does not hold bytes: a comma is missing")
    try:
        return _numbers(body.lower().translate(None, b" \t\r\n\v\f").removesuffix(b","))
    except ValueError as error:
        raise ModelFormatError(f"the array {symbol} does not hold bytes: {error!s:.100}") from error


def _numbers(body: bytes) -> bytes:
    """The numbers between commas, of a million letters at a time."""
    content = bytearray()
    begin = 0
    while begin <= len(body):
        end = body.find(b",", begin + 2**20)
        end = len(body) if end < 0 else end
        words = body[begin:end].split(b",")
        try:
            content += bytes(map(_BYTES.__getitem__, words))
        except KeyError:
            content += bytes(int(word.decode("ascii"), 0) for word in words)
        begin = end + 1
    return bytes(content)
