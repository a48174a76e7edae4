"""An impulse rendered as an export of each generation is read back as it was."""

from __future__ import annotations

import re
import zipfile

import pytest
from cpp_exports import ERAS, as_written_in, render, write
from exported_impulses import CAMERA, DETECTION, KEYWORDS, MOTION, NETWORK, PROJECT

from ei_runner_core.impulse import (
    DspBlock,
    GmmBlock,
    Impulse,
    NetworkBlock,
    Normalization,
    PostProcessingBlock,
    TimeSeriesInput,
)
from ei_runner_core.impulse.export import list_impulses, read_export


@pytest.fixture(params=ERAS.values(), ids=list(ERAS))
def era(request):
    return request.param


@pytest.mark.parametrize("impulse", [MOTION, KEYWORDS, CAMERA], ids=["motion", "words", "camera"])
def test_an_export_of_every_generation_is_read_back_as_it_was(era, impulse, tmp_path):
    networks = {impulse.learn[0].id: NETWORK}
    source = read_export(write(render(era, impulse, networks), tmp_path))

    expected = as_written_in(era, impulse)
    assert source.kind == "cpp-export"
    assert source.path == tmp_path
    assert source.impulse == expected
    (network,) = source.networks[expected.learn[0].id]
    assert network.format == ".tflite"
    assert network.read() == NETWORK


def test_a_compiled_network_has_a_block_and_no_file(era, tmp_path):
    from msgspec.structs import replace

    learn = (replace(MOTION.learn[0], files=()), MOTION.learn[1])
    compiled = replace(MOTION, learn=learn)
    source = read_export(write(render(era, compiled, {}), tmp_path))

    assert source.networks == {}
    assert source.impulse == as_written_in(era, compiled)


@pytest.mark.parametrize("era", ["2025", "2026"])
def test_all_that_the_newest_headers_hold_is_read(era, tmp_path):
    fusion = TimeSeriesInput(sensor="fusion", axes=("a", "b", "c", "d"), samples=10, frequency=5.5)
    scaled = Normalization(mean=tuple(i / 7 for i in range(300)), scale=(0.5,) * 300)
    impulse = Impulse(
        name="Impulse #2",
        project=PROJECT,
        input=fusion,
        labels=("value",),
        dsp=(
            DspBlock(
                id=1, type="raw", outputs=300, axes=(1, 3), config={"scale_axes": 0.5},
                normalization=scaled,
            ),
            DspBlock(id=7, type="custom_thing", outputs=4, config={"depth": 3, "kind": "x"}),
        ),
        learn=(
            NetworkBlock(
                id=2, files=("x",), inputs=(1, 7), outputs=(1, 0), image_scaling="MIN1_1"
            ),
            GmmBlock(id=3, files=("x",), inputs=(7,), axes=(0, 2)),
        ),
        postprocessing=(
            PostProcessingBlock(id=2, type="regression", input=2),
            PostProcessingBlock(id=3, type="anomaly", input=3),
        ),
        anomaly="gmm",
        engine="tflite",
    )  # fmt: skip
    files_ = render(ERAS[era], impulse, {2: NETWORK, 3: b"another network"})
    source = read_export(write(files_, tmp_path))

    assert source.impulse == as_written_in(ERAS[era], impulse)
    assert {i: n.read() for i, (n,) in source.networks.items()} == {
        2: NETWORK,
        3: b"another network",
    }


@pytest.mark.parametrize(
    "kind", ["yolov5", "yolov11", "yolo_pro", "ssd", "tao_yolov4", "qc_yolox", "yolox_detect"]
)
def test_detectors_of_the_newest_headers_keep_their_names_and_configs(kind, tmp_path):
    from msgspec.structs import replace

    steps = (
        PostProcessingBlock(id=2, type=kind, input=2, config=DETECTION),
        PostProcessingBlock(
            id=8,
            type="tracking",
            config={"keep_grace": 5, "max_observations": 4, "threshold": 0.5, "use_iou": True},
        ),
        PostProcessingBlock(
            id=9, type="counting", config={"segments": [[1, 2, 3, 4], [5, 6, 7, 8]]}
        ),
    )
    impulse = replace(CAMERA, postprocessing=steps)
    source = read_export(write(render(ERAS["2026"], impulse, {2: NETWORK}), tmp_path))
    assert source.impulse.postprocessing == steps


@pytest.mark.parametrize("folder", ["", "src", "export", "deep/er/src"])
def test_an_export_is_found_where_libraries_put_it(folder, tmp_path):
    write(render(ERAS["2026"], MOTION, {3: NETWORK}), tmp_path / folder)
    assert read_export(tmp_path).impulse == as_written_in(ERAS["2026"], MOTION)


@pytest.mark.parametrize("folder", ["", "src/", "my-export/"])
def test_an_export_is_read_from_a_zip_without_unpacking_it(folder, era, tmp_path):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in render(era, MOTION, {3: NETWORK}).items():
            archive.writestr(folder + name, content)
    source = read_export(path)

    assert source.impulse == as_written_in(era, MOTION)
    assert [n.read() for (n,) in source.networks.values()] == [NETWORK]
    assert sorted(tmp_path.iterdir()) == [path]


def test_the_only_impulse_of_an_export_can_be_listed(tmp_path):
    write(render(ERAS["2026"], MOTION, {3: NETWORK}), tmp_path)
    assert list_impulses(tmp_path) == [
        {
            "variable": "impulse_43_2",
            "id": 2,
            "name": "Impulse #2",
            "project": PROJECT.name,
            "project_id": PROJECT.id,
        }
    ]


def without_struct(files, *, comments):
    """The export without the declarations of its structs, and without comments behind values."""
    metadata, name = (
        files["model-parameters/model_metadata.h"],
        "model-parameters/model_variables.h",
    )
    start = metadata.index(b"typedef struct")
    end = metadata.rindex(b"#endif")
    text = files[name].decode()
    if not comments:
        text = re.sub(r" // [^\n\"]*$", "", text, flags=re.MULTILINE)
    return files | {
        "model-parameters/model_metadata.h": metadata[:start] + metadata[end:],
        name: text.encode(),
    }


@pytest.mark.parametrize("comments", [True, False], ids=["comments", "order"])
@pytest.mark.parametrize("impulse", [MOTION, KEYWORDS, CAMERA], ids=["motion", "words", "camera"])
@pytest.mark.parametrize("era", ["2023-08", "2026"])
def test_configs_whose_struct_is_not_declared_are_read_by_comments_or_order(
    era, impulse, comments, tmp_path
):
    rendered = render(ERAS[era], impulse, {impulse.learn[0].id: NETWORK})
    source = read_export(write(without_struct(rendered, comments=comments), tmp_path))
    assert source.impulse == as_written_in(ERAS[era], impulse)
