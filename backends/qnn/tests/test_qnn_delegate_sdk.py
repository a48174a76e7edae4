"""Finding the delegate in Qualcomm's SDK, and refusing what is not for this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from numpy.random import mtrand

from ei_runner_core import BackendUnavailableError, InvalidInputError
from ei_runner_core.authoring.native_files import this_machine
from ei_runner_qnn import sdk
from ei_runner_qnn.sdk import backend_library, find_delegate, skel_folders

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the SDK's delegate is for Linux")

DELEGATE = "libQnnTFLiteDelegate.so"
LIBRARY = Path(mtrand.__file__)
FOLDERS = {"x86_64": "x86_64-linux-clang", "aarch64": "aarch64-ubuntu-gcc9.4"}
HEXAGON = 164

MakeSdk = Callable[..., Path]


@pytest.fixture
def make_sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeSdk:
    """Makes a folder like that of the SDK, and names it in the environment."""

    def make(*folders: str, content: bytes = b"") -> Path:
        (tmp_path / "lib").mkdir()
        for folder in folders:
            library = tmp_path / "lib" / folder / DELEGATE
            library.parent.mkdir(parents=True)
            library.write_bytes(content or LIBRARY.read_bytes())
        monkeypatch.setenv("QNN_SDK_ROOT", str(tmp_path))
        return tmp_path / "lib"

    return make


def for_machine(number: int) -> bytes:
    content = bytearray(LIBRARY.read_bytes())
    content[18:20] = number.to_bytes(2, "little")
    return bytes(content)


@pytest.fixture
def here() -> str:
    machine = this_machine()[1]
    if machine not in FOLDERS:
        pytest.skip("the SDK is not for this machine")
    return FOLDERS[machine]


def test_the_delegate_is_found_in_the_sdk(make_sdk, here):
    lib = make_sdk(here)

    assert find_delegate(None) == lib / here / DELEGATE


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_sdk_is_told_with_both_ways_to_name_it(monkeypatch, value):
    monkeypatch.delenv("QNN_SDK_ROOT", raising=False)
    if value is not None:
        monkeypatch.setenv("QNN_SDK_ROOT", value)
    with pytest.raises(BackendUnavailableError, match="set QNN_SDK_ROOT to .* option 'delegate'"):
        find_delegate(None)


def test_a_folder_that_is_no_sdk_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("QNN_SDK_ROOT", str(tmp_path / "qairt"))
    with pytest.raises(BackendUnavailableError, match="is .*qairt, where there is no folder 'lib'"):
        find_delegate(None)


def test_an_sdk_without_a_delegate_for_this_machine_tells_for_which_it_has_one(make_sdk):
    make_sdk("aarch64-android", "armv7-linux")
    with pytest.raises(BackendUnavailableError, match="has it for aarch64-android, armv7-linux;"):
        find_delegate(None)


def test_an_sdk_without_any_delegate_says_so(make_sdk):
    make_sdk()
    with pytest.raises(BackendUnavailableError, match="has it for no machine"):
        find_delegate(None)


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ({"ID": "ubuntu"}, "aarch64-ubuntu-gcc9.4"),
        ({"ID": "raspbian", "ID_LIKE": "debian"}, "aarch64-ubuntu-gcc9.4"),
        ({"ID": "qcom-wayland"}, "aarch64-oe-linux-gcc11.2"),
        (None, "aarch64-oe-linux-gcc11.2"),
    ],
)
def test_on_a_chip_of_qualcomm_the_system_decides_which_folder_is_best(
    make_sdk, monkeypatch, system, expected
):
    def about() -> dict[str, str]:
        if system is None:
            raise OSError("no such file")
        return system

    monkeypatch.setattr(sdk, "this_machine", lambda: ("linux", "aarch64"))
    monkeypatch.setattr(sdk, "check_library", lambda path, fault: None)
    monkeypatch.setattr("platform.freedesktop_os_release", about)
    make_sdk("aarch64-oe-linux-gcc9.3", "aarch64-oe-linux-gcc11.2", "aarch64-ubuntu-gcc9.4")

    assert find_delegate(None).parent.name == expected


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (for_machine(HEXAGON), "is for processor type 164 Linux, this is"),
        (for_machine(183 if this_machine()[1] == "x86_64" else 62), "is for .* Linux, this is"),
        (LIBRARY.read_bytes()[:4096], "is damaged: it is cut off"),
        (LIBRARY.read_bytes()[:10], "is damaged: it is cut off"),
        (b"/* libQnnTFLiteDelegate */", "is no shared library"),
        (Path(sys.executable).resolve().read_bytes(), "is no shared library, but a file of kind"),
    ],
)
def test_what_cannot_be_loaded_here_is_refused_unloaded(make_sdk, here, content, problem):
    library = make_sdk(here, content=content) / here / DELEGATE
    with pytest.raises(BackendUnavailableError, match=f"{DELEGATE} {problem}.*; take "):
        find_delegate(None)
    with pytest.raises(InvalidInputError, match=f"{DELEGATE} {problem}"):
        find_delegate(library)


def test_skels_are_those_of_the_same_sdk_the_newest_first(make_sdk, here):
    lib = make_sdk(here)
    for version in ("v68", "v73", "v9"):
        (lib / f"hexagon-{version}" / "unsigned").mkdir(parents=True)
    (lib / "hexagon-v75").mkdir()

    found = [folder.parent.name for folder in skel_folders(lib / here / DELEGATE)]

    assert found == ["hexagon-v73", "hexagon-v68", "hexagon-v9"]


def test_on_a_device_all_may_lie_in_one_folder(tmp_path):
    library = tmp_path / DELEGATE
    assert skel_folders(library) == ()
    assert backend_library(library, "htp") is None

    (tmp_path / "libQnnHtpV73Skel.so").touch()
    (tmp_path / "libQnnHtp.so").touch()

    assert skel_folders(library) == (tmp_path,)
    assert backend_library(library, "htp") == tmp_path / "libQnnHtp.so"
    assert backend_library(library, "gpu") is None
