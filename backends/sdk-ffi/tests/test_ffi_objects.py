"""Symbols of objects, which of them a library takes, and lists of headers."""

import subprocess
from pathlib import Path

import pytest
from small_exports import compiler

from ei_runner_sdk_ffi.build.objects import Digests, read_depfile
from ei_runner_sdk_ffi.build.resolution import resolve
from ei_runner_sdk_ffi.build.symbols import ObjectError, Symbols, read_symbols

SOURCE = """
extern "C" int needed(int);
extern "C" __attribute__((weak)) int optional(int);
extern int data;
static int own() { return data; }
template <typename T> T twice(T x) { return x + x; }
extern "C" int defined(int x) {
    return needed(x) + (optional ? optional(x) : 0) + own() + twice(x);
}
int table[3] = {1, 2, 3};
"""


def compiled(tmp_path: Path, *command: str) -> Symbols:
    (tmp_path / "x.cpp").write_text(SOURCE)
    target = tmp_path / "x.o"
    subprocess.run([*command, "-c", tmp_path / "x.cpp", "-o", target], check=True)
    return read_symbols(target)


@pytest.mark.requires("compiler")
def test_an_object_tells_what_it_defines_and_needs(tmp_path):
    symbols = compiled(tmp_path, compiler(), "-fno-pic")
    assert {"defined", "table", "_Z5twiceIiET_S0_"} <= symbols.defined
    assert symbols.needed == {"needed", "data"}


def test_an_object_for_a_mac_is_read_too(tmp_path):
    (tmp_path / "x.cpp").write_text(SOURCE)
    target = tmp_path / "x.o"
    command = ["clang++", "--target=arm64-apple-macos11", "-ffreestanding", "-c"]
    try:
        subprocess.run(
            [*command, tmp_path / "x.cpp", "-o", target], check=True, capture_output=True
        )
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no compiler here makes objects for macOS: {error}")
    symbols = read_symbols(target)
    assert {"defined", "table", "_Z5twiceIiET_S0_"} <= symbols.defined
    assert symbols.needed == {"needed", "data"}


@pytest.mark.parametrize(
    "content", [b"", b"!<arch>\n", b"\x7fELF", b"\xcf\xfa\xed\xfe\0\0", b"text"]
)
def test_what_is_no_object_is_an_error(tmp_path, content):
    path = tmp_path / "x.o"
    path.write_bytes(content)
    with pytest.raises(ObjectError):
        read_symbols(path)


@pytest.mark.requires("compiler")
def test_a_truncated_object_is_an_error_or_tells_less(tmp_path):
    compiled(tmp_path, compiler())
    path = tmp_path / "x.o"
    content = path.read_bytes()
    for size in range(4, len(content), 97):
        path.write_bytes(content[:size])
        try:
            read_symbols(path)
        except ObjectError:
            continue


def symbols(defined: str, needed: str = "") -> Symbols:
    return Symbols(frozenset(defined.split()), frozenset(needed.split()))


LIKELY = {"a": [1, 2], "b": [3], "c": [1]}


def likely(symbol: str) -> list[int]:
    return LIKELY.get(symbol, [])


def test_what_is_missing_is_wanted_from_the_likeliest_source():
    found = resolve([symbols("main", "a b libc")], {}, likely)
    assert (found.linked, found.wanted, found.missing) == ((), {1, 3}, {"libc"})


def test_a_wrong_guess_is_not_linked_and_the_next_one_is_wanted():
    found = resolve([symbols("main", "a")], {1: symbols("other", "more")}, likely)
    assert (found.linked, found.wanted, found.missing) == ((), {2}, set())


def test_what_is_linked_brings_its_own_needs():
    found = resolve([symbols("main", "a")], {1: symbols("a", "b")}, likely)
    assert (found.linked, found.wanted) == ((1,), {3})


def test_what_is_defined_already_is_not_taken_twice():
    compiled = {1: symbols("a x"), 3: symbols("b x")}
    assert resolve([symbols("main b", "a x")], compiled, likely).linked == (1,)


def test_a_definition_where_nobody_looked_for_it_counts():
    found = resolve([symbols("main", "c")], {1: symbols(""), 9: symbols("c")}, likely)
    assert found.linked == (9,)


def test_a_list_of_headers_is_read_as_make_would(tmp_path):
    path = tmp_path / "x.d"
    path.write_text("/place/x.o: a.cc my\\ dir/b.h \\\n  c\\#1.h $$d.h \\\n\n")
    assert read_depfile(path) == ["a.cc", "my dir/b.h", "c#1.h", "$d.h"]
    with pytest.raises(ObjectError):
        read_depfile(tmp_path / "missing.d")


def test_names_do_not_depend_on_where_a_folder_is(tmp_path):
    names = []
    for place in ("one", "two"):
        root = tmp_path / place
        (root / "sdk").mkdir(parents=True)
        (root / "sdk/x.h").write_text("content")
        digests = Digests({".": root, "edge-impulse-sdk": root / "sdk"}, {})
        names.append(digests.portable(root / "a/../sdk/x.h"))
        assert digests.of(names[-1])
    assert names == ["sdk/x.h"] * 2
