"""Data sets that are damaged or contradict themselves: one clear error, and nothing lost."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from dataset_folders import boxes_file, coco, voc, write_files
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core.contract import LabeledBox
from ei_runner_core.errors import InvalidInputError
from ei_runner_core.ingestion.datasets import read_dataset

ENTRY = {"path": "a.png", "category": "training"}


def refused(folder: Path, files: dict[str, Any], kind: str | None = None) -> str:
    """The message that a folder with these files and the picture a.png is refused with."""
    write_files(folder, {"a.png": None} | files)
    with pytest.raises(InvalidInputError) as caught:
        list(read_dataset(folder, kind=kind))
    message = str(caught.value)
    assert "\n" not in message
    return message


def info(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"info.labels": {"version": 1, "files": list(entries)}}


def box(**changes: Any) -> dict[str, Any]:
    return {"label": "car", "x": 1, "y": 2, "width": 3, "height": 4} | changes


# what does not lie where it should


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"x.json": coco("b.png")}, "x.json: image 7: there is no file 'b.png'"),
        ({"b.xml": voc("b.png")}, "b.xml: there is no image 'b.png'"),
        ({"l.csv": "file_name,class_name\nb.png,x\n"}, "l.csv, line 2: there is no file 'b.png'"),
        (
            {"bounding_boxes.labels": boxes_file({"b.png": []})},
            "bounding_boxes.labels: there is no file 'b.png' beside it",
        ),
        (info(ENTRY | {"path": "b.png"}), "info.labels: files[0]: there is no file 'b.png'"),
        (
            info(ENTRY | {"attachments": ["b.png"]}),
            "info.labels: files[0]: there is no file 'b.png'",
        ),
        (
            {"a.txt": "0 .5 .5 .1 .1", "b.txt": "0 .5 .5 .1 .1", "classes.txt": "car"},
            "b.txt holds boxes, but there is no image of that name",
        ),
    ],
)
def test_a_file_that_is_named_but_missing_is_told_with_the_place(
    tmp_path: Path, files: dict[str, Any], expected: str
) -> None:
    if "a.txt" in files:
        pytest.importorskip("PIL.Image", reason="needs the extra datasets")
    assert expected in refused(tmp_path, files)


@pytest.mark.parametrize("path", ["../a.png", "x/../../a.png", "{tmp}/a.png", "", "a\0b", "."])
def test_an_info_file_names_nothing_outside_of_its_folder(tmp_path: Path, path: str) -> None:
    write_files(tmp_path, {"a.png": None})
    stated = path.replace("{tmp}", str(tmp_path))
    message = refused(tmp_path / "data", info(ENTRY | {"path": stated}))
    assert "leads out of the folder" in message


def test_an_info_file_names_no_links_out_of_its_folder(tmp_path: Path) -> None:
    write_files(tmp_path, {"data/x.txt": "", "secret.png": None})
    (tmp_path / "data" / "b.png").symlink_to(tmp_path / "secret.png")
    message = refused(tmp_path / "data", info(ENTRY | {"path": "b.png"}))
    assert "'b.png' is a link out of the folder" in message


def test_nothing_of_an_info_file_is_given_before_all_of_it_is_sound(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.png": None} | info(ENTRY, ENTRY | {"path": "gone.png"}))
    with pytest.raises(InvalidInputError, match=r"files\[1\]: there is no file 'gone.png'"):
        next(read_dataset(tmp_path))


def test_a_name_that_fits_several_files_is_told_with_them(tmp_path: Path) -> None:
    files = {"x/a.png": None, "y/a.png": None, "all.json": coco("z/a.png")}
    (tmp_path / "data").mkdir()
    write_files(tmp_path, files)
    with pytest.raises(InvalidInputError, match=r"'z/a.png' may be x/a.png or y/a.png"):
        list(read_dataset(tmp_path))


# damaged documents


@pytest.mark.parametrize(
    ("kind", "name", "content", "expected"),
    [
        ("coco", "x.json", '{"images": [],\n"annotations": [,]}', "x.json, line 2: it is no JSON"),
        ("coco", "x.json", '{"images": [],\n\n"annotations"', "x.json, line 3: it is no JSON"),
        ("coco", "x.json", '{"bbox": 1, "images": [{"id": 1,\n"file_name": "\xff"}]}', "line 2"),
        ("coco", "x.json", '{"images": [], "annotations": [], "bbox": NaN}', "line 1"),
        ("coco", "x.json", {"images": 1, "bbox": 2}, "at `$.images`"),
        ("voc", "x.xml", "<annotation>\n<filename>", "x.xml, line 2: it is no XML"),
        ("voc", "x.xml", "<annotation>\n</x>", "x.xml, line 2: it is no XML"),
        ("plain-csv", "x.csv", 'file,label\na.png,"x', "x.csv, line 2: it is no CSV"),
        ("plain-csv", "x.csv", 'file,"label"\na.png\n', "x.csv, line 2: it has 1 columns"),
        ("plain-csv", "x.csv", "file,label\na.png\n", "x.csv, line 2: it has 1 columns"),
        ("plain-csv", "x.csv", b"file,label\na.png,\xff\n", "x.csv, line 2: it is no UTF-8"),
        ("info-labels", "info.labels", '{"version": 1,\n"files": [', "line 2: it is no JSON"),
        ("info-labels", "info.labels", '{"version": 2, "files": []}', "at `$.version`"),
        ("info-labels", "info.labels", '{"version": 1, "files": {}}', "at `$.files`"),
        ("info-labels", "info.labels", '{"__ndjson":true,"version":1}\n{"__key":', "line 2"),
        (
            "info-labels",
            "info.labels",
            '{"__ndjson":true,"version":1}\n\n{"__key":"files","__item":{"path":1}}',
            "line 3: Expected `str`",
        ),
        ("info-labels", "info.labels", '{"x": ' + "[" * 100_000, "it is no JSON"),
        ("bounding-boxes", "bounding_boxes.labels", "{}", "missing required field `version`"),
    ],
)
def test_damage_is_told_with_the_file_and_the_line(
    tmp_path: Path, kind: str, name: str, content: Any, expected: str
) -> None:
    if isinstance(content, str):
        content = content.encode("latin-1")
    assert expected in refused(tmp_path, {name: content}, kind)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_of_xml_are_refused(tmp_path: Path, encoding: str) -> None:
    bomb = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE annotation [<!ENTITY a "x">'
    bomb += "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9)).replace("a0", "a")
    bomb += "]><annotation><filename>&a9;</filename></annotation>"
    assert "declares a DOCTYPE" in refused(tmp_path, {"a.xml": bomb.encode(encoding)})


def test_xml_in_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    text = b'<?xml version="1.0" encoding="nonsense"?><annotation/>'
    assert "a.xml declares an encoding which" in refused(tmp_path, {"a.xml": text})


# contradictions


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (coco(images=[]), "annotation 0 (counted from 0): there is no image with the id 7"),
        (coco(categories=[]), "annotation 0 (counted from 0): there is no category with the id 3"),
        (coco(bbox=[1, 2, 3]), "expected x, y, width, height"),
        (coco(bbox=[]), "expected x, y, width, height"),
        (coco(bbox=[[1, 2, 3, 4], 5]), "expected x, y, width, height"),
        (coco(bbox=["1", 2, 3, 4]), "at `$.annotations[0].bbox[0]`"),
    ],
)
def test_coco_that_contradicts_itself_is_refused(
    tmp_path: Path, document: dict[str, Any], expected: str
) -> None:
    assert expected in refused(tmp_path, {"x.json": document}, "coco")


def test_two_coco_files_do_not_annotate_one_image(tmp_path: Path) -> None:
    message = refused(tmp_path, {"x.json": coco(), "y.json": coco()})
    assert "y.json: a.png has boxes in another file" in message


def test_a_table_does_not_give_a_file_two_labels(tmp_path: Path) -> None:
    message = refused(tmp_path, {"l.csv": "file,label,xmin\na.png,x,1\na.png,y,2\n"})
    assert "line 3: a.png has the label 'y' here and 'x' before" in message


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2 .5 .5 .1 .1", "there is no class 2; "),
        ("-1 .5 .5 .1 .1", "there is no class -1; "),
        ("0 .5 .5 .1", "expected the number of a class and x, y, width, height"),
        ("0 .1 .1 .2 .2 .3 .3", "expected the number of a class"),
        ("car .5 .5 .1 .1", "expected the number of a class"),
        ("0 .5 .5 .1 x", "expected the number of a class"),
        ("0 .5 .5 0 .1", "has no area"),
        ("0 .5 .5 nan .1", "holds what is no finite number"),
        ("0 .5 .5 1e999999999 .1", "line 2: "),
        ("0 50 40 10 10", "lies outside of the image of 100 x 80 pixels"),
    ],
)
def test_yolo_lines_that_are_wrong_are_refused(tmp_path: Path, line: str, expected: str) -> None:
    pytest.importorskip("PIL.Image", reason="needs the extra datasets")
    files = {"a.txt": f"0 .5 .5 .1 .1\n{line}\n", "classes.txt": "car\nbus\n"}
    message = refused(tmp_path, files)
    assert "a.txt, line 2: " in message
    assert expected in message


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("names: 7", "neither a list of names nor names by number"),
        ("names: [[a]]", "neither a list of names nor names by number"),
        ("names: {a: b}", "names has keys that are no numbers"),
        ("names: [", "it is no YAML"),
        ("names: []", "expected a name for each class"),
        ("names: !!python/object/apply:os.abort []", "expected a name for each class"),
    ],
)
def test_yolo_names_that_are_wrong_are_refused(tmp_path: Path, names: str, expected: str) -> None:
    pytest.importorskip("PIL.Image", reason="needs the extra datasets")
    pytest.importorskip("yaml", reason="needs the extra datasets")
    files = {"a.txt": "0 .5 .5 .1 .1", "data.yaml": names}
    assert expected in refused(tmp_path, files, "yolo")


def test_yolo_without_names_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image", reason="needs the extra datasets")
    assert "add a classes.txt" in refused(tmp_path, {"a.txt": "0 .5 .5 .1 .1"})


def test_yolo_needs_images_that_can_be_read(tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image", reason="needs the extra datasets")
    files = {"a.png": b"no image", "a.txt": "0 .5 .5 .1 .1", "classes.txt": "car"}
    assert "cannot read the size of" in refused(tmp_path, files)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"category": "train"}, "files[0]: there is no category 'train'"),
        ({"label": {"type": "other"}}, "at `$.files[0].label.type`"),
        ({"boundingBoxes": [box(), box(height=0)]}, "files[0]: box 2: the box 'car'"),
        ({"boundingBoxes": [box(x=-5)]}, "lies outside of the image"),
        ({"metadata": {"a": None}}, "at `$.files[0].metadata[...]`"),
        (
            {
                "label": {
                    "type": "multi-label",
                    "labels": [{"startIndex": 3, "endIndex": 1, "label": "x"}],
                }
            },
            "the label 'x' is for the values 3 to 1",
        ),
    ],
)
def test_entries_that_are_wrong_are_refused(
    tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    assert expected in refused(tmp_path, info(ENTRY | changes))


# boxes


@pytest.mark.parametrize(
    ("corners", "expected"),
    [
        ((1, 2, 1, 6), "object 1: the box 'car' (x 1, y 2, width 0, height 4) has no area"),
        ((4, 2, 1, 6), "has no area"),
        ((90, 2, 101.5, 6), "lies outside of the image of 100 x 80 pixels"),
        ((-1.5, 2, 10, 6), "lies outside"),
        ((100.2, 2, 100.9, 6), "lies outside"),
        ((1, 2, "inf", 6), "holds what is no finite number"),
        ((1, 2, "x", 6), "xmax is 'x', expected a number"),
        ((1, 2, "", 6), "xmax is '', expected a number"),
    ],
)
def test_boxes_that_cannot_be_are_refused(
    tmp_path: Path, corners: tuple[object, ...], expected: str
) -> None:
    assert expected in refused(tmp_path, {"a.xml": voc(corners=corners)})


def test_boxes_are_cut_off_at_the_edge_of_the_image_where_a_pixel_is_beyond(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.png": None, "a.xml": voc(corners=(-1, 79, 100.5, 81))})
    (sample,) = read_dataset(tmp_path)
    assert sample.bounding_boxes == (LabeledBox("car", 0, 79, 100, 1),)


@given(
    st.tuples(*[st.integers(0, 900).map(lambda tenths: tenths / 10)] * 2),
    st.tuples(*[st.integers(1, 900).map(lambda tenths: tenths / 10)] * 2),
)
def test_a_box_lies_in_its_image_or_is_refused(
    corner: tuple[float, float], extent: tuple[float, float]
) -> None:
    from ei_runner_core.ingestion.datasets.boxes import TOLERANCE, fit_box

    given_box = LabeledBox("x", *corner, *extent)
    fits = all(at + long <= 80 + TOLERANCE for at, long in zip(corner, extent, strict=True))
    if not fits:
        with pytest.raises(InvalidInputError):
            fit_box(given_box, (80, 80), "here")
    elif all(at < 80 for at in corner):
        fitted = fit_box(given_box, (80, 80), "here")
        assert fitted.width > 0
        assert fitted.height > 0
        assert fitted.x + fitted.width <= 80 + 1e-9
        if corner[0] + extent[0] <= 80 and corner[1] + extent[1] <= 80:
            assert fitted == given_box


# what the file system holds


def test_a_link_that_leads_nowhere_is_refused_where_it_seems_a_sample(tmp_path: Path) -> None:
    (tmp_path / "b.png").symlink_to("nothing")
    assert "b.png is a link that leads nowhere" in refused(tmp_path, {})


def test_a_pipe_is_refused_where_it_seems_a_sample(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "b.wav")
    assert "b.wav is no regular file" in refused(tmp_path, {})


@pytest.mark.skipif(sys.platform == "darwin", reason="its file system refuses such names itself")
def test_names_that_are_no_utf_8_are_refused(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.png")).write_bytes(b"")
    message = refused(tmp_path, {})
    assert "is no UTF-8; rename it" in message
    assert message.isprintable()


def test_a_folder_that_cannot_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, {"closed/a.png": None})
    scandir = os.scandir

    def refusing(path: Path) -> Any:
        if path.name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)  # the superuser may read everything
    assert "closed: Permission denied" in refused(tmp_path, {})
