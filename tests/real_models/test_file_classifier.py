"""Magika: the first and last bytes of a file in, one of 214 kinds of content out."""

from __future__ import annotations

import json

import numpy as np
import pytest

FOLDER = "magika/models/standard_v3_3"
PART, PADDING = 1024, 256
TEXTS = {
    "python": "import os\n\n\ndef main() -> None:\n    for name in os.listdir('.'):\n"
    "        print(f'{name}: {os.path.getsize(name)}')\n\n\nif __name__ == '__main__':\n"
    "    main()\n",
    "json": json.dumps({"labels": ["a", "b"], "items": [{"id": i} for i in range(9)]}, indent=2),
    "c": "#include <stdio.h>\n\nint main(int argc, char **argv) {\n"
    '    for (int i = 1; i < argc; i++) {\n        printf("%s\\n", argv[i]);\n    }\n'
    "    return 0;\n}\n",
}


@pytest.fixture
def network(from_wheel):
    return from_wheel("magika==1.0.3", f"{FOLDER}/model.onnx")


@pytest.fixture
def kinds(from_wheel):
    config = from_wheel("magika==1.0.3", f"{FOLDER}/config.min.json")
    return json.loads(config.read_text(encoding="utf-8"))["target_labels_space"]


def tokens(*texts):
    """One row a text: its first and its last 1024 bytes, padded; int32 of shape (n, 2048)."""
    rows = []
    for text in texts:
        content = list(text.strip().encode())
        padding = [PADDING] * (PART - len(content))
        rows.append(content[:PART] + padding + padding + content[-PART:])
    return np.array(rows, np.int32)


def test_it_tells_languages_apart_one_by_one_and_as_a_batch(network, kinds, open_model):
    model = open_model(network)
    single = [model.infer_freeform(tokens(text))["target_label"][0] for text in TEXTS.values()]
    batch = model.infer_freeform(tokens(*TEXTS.values()))["target_label"]

    assert [kinds[row.argmax()] for row in batch] == list(TEXTS)
    assert batch.max(axis=1).min() > 0.5
    np.testing.assert_allclose(single, batch, atol=1e-4)


def test_a_list_and_a_mapping_give_what_the_engine_gives(
    network, open_model, run_bare, assert_alike
):
    model, array = open_model(network), tokens(TEXTS["python"])
    expected = run_bare(network, [array])

    assert_alike(model.infer_freeform([array]), expected)
    assert_alike(model.infer_freeform({"bytes": array}), expected)
