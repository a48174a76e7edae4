"""Headers that were made to keep a reader busy, or to fill its memory, are refused at once."""

from __future__ import annotations

import os
import re
import time
import tracemalloc

import pytest
from cpp_exports import ERAS, render, write
from exported_impulses import MOTION, NETWORK

from ei_runner_core import EdgeImpulseError, ModelFormatError
from ei_runner_core.impulse.export import read_export

VARIABLES = "model-parameters/model_variables.h"
LONG = "1 " * 30_000


def rendered(era="2026"):
    return render(ERAS[era], MOTION, {MOTION.learn[0].id: NETWORK})


def read_or_refuse(files, folder, seconds=6.0):
    """A second or less where nothing else runs; what is quadratic takes minutes."""
    write(files, folder)
    started = time.perf_counter()
    try:
        read_export(folder)
    except EdgeImpulseError as error:
        message = str(error)
        assert "\n" not in message
    else:
        message = ""
    assert time.perf_counter() - started < seconds
    return message


@pytest.mark.parametrize(
    "text",
    [
        f"#define AA {LONG}\n" + "AA " * 40_000,
        f"#define AA {LONG}\n#if " + "AA " * 40_000 + "\n#endif",
        f"#define AA {LONG}\n#define BB " + "AA " * 40_000,
        f"#define AA {LONG}\n#include " + "AA " * 40_000,
        f"#define AA {LONG}\n" + "".join(f"#define B{i} {i} AA\n" for i in range(4_900)),
    ],
    ids=["text", "condition", "macro", "include", "many"],
)
def test_macros_that_grow_are_refused_before_they_have_grown(text, tmp_path):
    files = rendered()
    files[VARIABLES] += f"\n{text}\n".encode()
    write(files, tmp_path)
    tracemalloc.start()
    try:
        with pytest.raises(ModelFormatError, match=r"expands? to more than|condition has more"):
            read_export(tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 60e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    [
        '\\"' * 60_000,
        "\\'" * 60_000,
        '"' * 99_999,
        "'" * 99_999,
        "new " + " " * 3_000_000,
        "new a[]" + " " * 3_000_000,
        "new " * 200_000,
        "/* " * 150_000,
        "#if defined" + " " * 200_000,
        "int x = " + "a<" * 100_000 + ";",
        "".join(f"int v{i}={i};\n" for i in range(100_000)),
    ],
    ids=range(11),
)
def test_a_header_is_read_in_a_time_that_grows_with_its_size(text, tmp_path):
    files = rendered()
    files[VARIABLES] += f"\n{text}\n".encode()
    read_or_refuse(files, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "const unsigned char {0}[" + " " * 200_000,
        "const unsigned char {0}[] = {{" + "/* " * 200_000 + "}};",
        "const unsigned char {0}[] = {{" + "9" * 100_000 + "}};",
        "const unsigned char {0}[] = {{" + "1 " * 300_000 + "}};",
        "INCBIN {0}" + " " * 200_000,
        "INCBIN(" + "a" * 200_000 + " {0}",
        "{0} = g" + "a" * 200_000,
        "namespace " + " " * 200_000 + "{0}",
    ],
    ids=range(8),
)
@pytest.mark.parametrize("era", ["2024", "2026"])
def test_the_text_of_a_network_is_read_in_a_time_that_grows_with_its_size(era, text, tmp_path):
    files = rendered(era)
    (name,) = (n for n in files if re.search(r"tflite_learn_\w+\.h$", n))
    symbol = name.rpartition("/")[2].removesuffix(".h")
    files[name] = text.format(symbol).encode()
    assert len(read_or_refuse(files, tmp_path)) < 500


def test_a_network_in_decimals_is_read_fast_and_whole(tmp_path):
    files = rendered("2024")
    content = bytes(range(256)) * 4_096
    name = "tflite-model/tflite_learn_3.h"
    body = ", ".join(map(str, content))
    files[name] = f"const unsigned char tflite_learn_3[] = {{{body}}};".encode()
    write(files, tmp_path)
    started = time.perf_counter()
    (network,) = read_export(tmp_path).networks[3]
    assert network.read() == content
    assert time.perf_counter() - started < 4


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_in_the_place_of_a_network_is_refused(tmp_path):
    files = rendered()
    (name,) = (n for n in files if n.endswith(".tflite"))
    write(files, tmp_path)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(ModelFormatError, match="is no regular file"):
        read_export(tmp_path)


@pytest.mark.parametrize("sign", ["- ", "!", "(int)"])
def test_names_for_nested_expressions_share_one_limit(sign, tmp_path):
    files = rendered()
    chain = "".join(f"int a{i} = {'(' * 60}{sign * 60}a{i - 1}{')' * 60};\n" for i in range(1, 28))
    text = files[VARIABLES].decode().replace(".label_count = 4", ".label_count = a27")
    files[VARIABLES] = f"int a0 = 1;\n{chain}{text}".encode()
    assert "nested too deep" in read_or_refuse(files, tmp_path)


@pytest.mark.parametrize("count", [40, 200])
def test_headers_are_read_to_the_last_one_or_refused(count, tmp_path):
    files = rendered()
    for i in range(count):
        files[f"model-parameters/h{i}.h"] = f'#include "h{i + 1}.h"\n'.encode()
    files[f"model-parameters/h{count}.h"] = b"int last = 3;\n"
    text = files[VARIABLES].decode().replace("samples_per_frame = 3", "samples_per_frame = last")
    files[VARIABLES] = f'#include "h0.h"\n{text}'.encode()
    message = read_or_refuse(files, tmp_path)
    assert message == "" if count == 40 else "more than 50 headers" in message
