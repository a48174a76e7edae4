"""The layouts that data sets come in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from dataset_folders import boxes_file, coco, voc, write_files

from ei_runner_core.contract import UNLABELED, LabeledBox, Sample
from ei_runner_core.errors import InvalidInputError
from ei_runner_core.ingestion.datasets import detect_kind, read_dataset, read_files

YOLO_LINE = "0 0.5 0.5 0.2 0.25\n"


def read(folder: Path, **options: Any) -> dict[str, Sample]:
    """The samples of a folder by their paths in it."""
    return {
        str(sample.path.relative_to(folder)): sample
        for sample in read_dataset(folder, **options)
        if sample.path
    }


def labels(folder: Path) -> dict[str, object]:
    return {name: (sample.category, sample.label) for name, sample in read(folder).items()}


def boxed(folder: Path, **options: Any) -> dict[str, tuple[LabeledBox, ...] | None]:
    return {name: sample.bounding_boxes for name, sample in read(folder, **options).items()}


def needs_yolo() -> None:
    pytest.importorskip("PIL.Image", reason="needs the extra datasets")
    pytest.importorskip("yaml", reason="needs the extra datasets")


# folders


def test_folders_in_those_of_categories_are_labels(tmp_path: Path) -> None:
    write_files(tmp_path, {"training/apple/deep/1.wav": b"", "testing/2.wav": b"", "3.wav": b""})
    assert labels(tmp_path) == {
        "training/apple/deep/1.wav": ("training", "apple"),
        "testing/2.wav": ("testing", None),
        "3.wav": ("training", None),
    }


def test_folders_without_categories_are_labels(tmp_path: Path) -> None:
    write_files(tmp_path, {"bus/1.png": None, "car/1.png": None, "train/1.png": None})
    assert labels(tmp_path) == {
        f"{label}/1.png": ("training", label) for label in ("bus", "car", "train")
    }


@pytest.mark.parametrize(
    ("folder", "category"),
    [
        ("train", "training"),
        ("Testing", "testing"),
        ("val", "testing"),
        ("validation", "validation"),
        ("post-processing", "post-processing"),
        ("split", "split"),
        ("anomaly", "anomaly"),
    ],
)
def test_names_of_folders_stand_for_categories(tmp_path: Path, folder: str, category: str) -> None:
    write_files(tmp_path, {f"{folder}/apple.1.wav": b"", "training/pear.1.wav": b""})
    assert labels(tmp_path)[f"{folder}/apple.1.wav"] == (category, None)


def test_a_folder_beside_those_of_categories_is_refused(tmp_path: Path) -> None:
    write_files(tmp_path, {"training/1.wav": b"", "testing/1.wav": b"", "more/1.wav": b""})
    with pytest.raises(InvalidInputError, match=r"more lies beside folders of categories"):
        read(tmp_path)


def test_plain_files_say_nothing_about_boxes(tmp_path: Path) -> None:
    write_files(tmp_path, {"training/a.png": None, "testing/b.png": None})
    assert set(boxed(tmp_path).values()) == {None}


def test_hidden_files_are_passed_over_and_others_told(tmp_path: Path) -> None:
    hidden = (".DS_Store", "Thumbs.db", "._a.png", ".git/a.png", "__MACOSX/a.png")
    write_files(tmp_path, dict.fromkeys((*hidden, "a.png", "model.tflite"), b""))
    told: list[str] = []
    assert list(read(tmp_path, on_skipped=lambda path, reason: told.append(path.name))) == ["a.png"]
    assert told == ["model.tflite"]


def test_the_order_is_always_the_same(tmp_path: Path) -> None:
    names = [f"{folder}/{number}.wav" for folder in "cab" for number in (10, 2, 1)]
    write_files(tmp_path, dict.fromkeys(names, b""))
    assert list(read(tmp_path)) == sorted(names)


def test_links_to_folders_elsewhere_are_followed_once(tmp_path: Path) -> None:
    outside = write_files(tmp_path / "outside", {"1.wav": b"", "in/2.wav": b""})
    (outside / "again").symlink_to(outside)
    data = tmp_path / "data"
    data.mkdir()
    (data / "apple").symlink_to(outside)
    (data / "pear").symlink_to(outside)
    (data / "loop").symlink_to(data)
    (data / "self").symlink_to("self")
    assert list(read(data)) == ["apple/1.wav", "apple/in/2.wav"]


# detection


def test_several_kinds_at_once_are_one_error_with_their_names(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.png": None, "a.xml": voc(), "a.txt": YOLO_LINE})
    with pytest.raises(InvalidInputError, match=r"yolo or voc; tell which with --dataset-format"):
        detect_kind(tmp_path)
    assert boxed(tmp_path, kind="voc") == {"a.png": (LabeledBox("car", 1, 2, 3, 4),)}


def test_an_info_file_decides(tmp_path: Path) -> None:
    entry = {"path": "a.png", "category": "testing", "label": {"type": "label", "label": "x"}}
    write_files(
        tmp_path,
        {"info.labels": {"version": 1, "files": [entry]}, "a.png": None, "a.xml": voc()},
    )
    assert labels(tmp_path) == {"a.png": ("testing", "x")}


def test_an_info_file_further_down_is_told(tmp_path: Path) -> None:
    write_files(tmp_path, {"export/info.labels": {"version": 1, "files": []}, "a.png": None})
    with pytest.raises(InvalidInputError, match=r"export/info.labels describes a data set; name"):
        read_dataset(tmp_path)
    assert list(read(tmp_path, kind="folders")) == ["a.png"]


def test_sensor_data_as_json_is_not_taken_for_annotations(tmp_path: Path) -> None:
    document = {"protected": {}, "signature": "", "payload": {"sensors": [], "values": []}}
    write_files(tmp_path, {"apple/1.json": document, "apple/1.png": None})
    assert detect_kind(tmp_path) == "folders"


def test_captions_beside_pictures_are_not_taken_for_boxes(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.png": None, "a.txt": "0 cars in the street\n"})
    assert detect_kind(tmp_path) == "folders"


@pytest.mark.parametrize("kind", ["COCO", "pascal", ""])
def test_unknown_kinds_are_refused_with_those_there_are(tmp_path: Path, kind: str) -> None:
    with pytest.raises(InvalidInputError, match=r"expected one of info-labels, bounding-boxes"):
        read_dataset(tmp_path, kind=kind)


def test_a_folder_without_samples_is_refused(tmp_path: Path) -> None:
    write_files(tmp_path, {"readme.md": "nothing"})
    with pytest.raises(InvalidInputError, match=r"holds no samples"):
        read(tmp_path)


def test_a_missing_folder_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"there is no folder .*nothing"):
        read_dataset(tmp_path / "nothing")


def test_an_unknown_category_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"no category 'train'"):
        read_dataset(tmp_path, category="train")


# single files


def test_a_single_file_has_the_boxes_of_its_folder(tmp_path: Path) -> None:
    box = {"label": "car", "x": 1, "y": 2, "width": 3, "height": 4}
    write_files(
        tmp_path,
        {"a.png": None, "b.png": None, "bounding_boxes.labels": boxes_file({"a.png": [box]})},
    )
    samples = list(read_files([tmp_path / "b.png", tmp_path / "a.png"], label="street"))
    assert [sample.bounding_boxes for sample in samples] == [None, (LabeledBox("car", 1, 2, 3, 4),)]
    assert [sample.label for sample in samples] == ["street", "street"]
    assert list(read_dataset(tmp_path / "a.png", label="street")) == samples[1:]


def test_the_annotations_themselves_are_no_single_file(tmp_path: Path) -> None:
    write_files(tmp_path, {"bounding_boxes.labels": boxes_file({})})
    with pytest.raises(InvalidInputError, match=r"is no sample: name its images"):
        list(read_dataset(tmp_path / "bounding_boxes.labels"))


@pytest.mark.parametrize(
    ("kind", "annotation"),
    [("coco", {"a.json": coco()}), ("voc", {"a.xml": voc()}), ("yolo", {"a.txt": YOLO_LINE})],
)
def test_an_image_without_boxes_gets_no_label_of_its_name(
    tmp_path: Path, kind: str, annotation: dict[str, Any]
) -> None:
    needs_yolo()
    names = {"classes.txt": "car"} if kind == "yolo" else {}
    write_files(tmp_path, {**annotation, **names, "a.png": None, "b.png": None})
    found = read(tmp_path)
    assert detect_kind(tmp_path) == kind
    assert (found["a.png"].label, found["b.png"].label) == (None, UNLABELED)
    assert found["b.png"].bounding_boxes is None


# COCO


def test_coco_images_are_found_in_the_usual_places(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "annotations/instances_train2017.json": coco(),
            "annotations/instances_val2017.json": coco(bbox=[5, 6, 7, 8]),
            "train2017/a.png": None,
            "val2017/a.png": None,
        },
    )
    found = read(tmp_path)
    assert {name: sample.category for name, sample in found.items()} == {
        "train2017/a.png": "training",
        "val2017/a.png": "testing",
    }
    assert found["train2017/a.png"].bounding_boxes == (LabeledBox("car", 1, 2, 3, 4),)
    assert found["val2017/a.png"].bounding_boxes == (LabeledBox("car", 5, 6, 7, 8),)


def test_coco_paths_may_name_folders(tmp_path: Path) -> None:
    write_files(tmp_path, {"labels.json": coco("x\\a.png"), "x/a.png": None, "y/a.png": None})
    assert boxed(tmp_path) == {"x/a.png": (LabeledBox("car", 1, 2, 3, 4),), "y/a.png": None}


def test_coco_boxes_may_be_nested(tmp_path: Path) -> None:
    nested = coco(bbox=[[1, 2, 3, 4], [5.5, 6, 7, 8]])
    write_files(tmp_path, {"labels.json": nested, "a.png": None})
    found = boxed(tmp_path)["a.png"]
    assert found == (LabeledBox("car", 1, 2, 3, 4), LabeledBox("car", 5.5, 6, 7, 8))


# YOLO


@pytest.mark.parametrize(
    ("image", "text"),
    [
        ("images/train/a.png", "labels/train/a.txt"),
        ("train/images/a.png", "train/labels/a.txt"),
        ("train/a.png", "train/a.txt"),
        ("train/a.png", "train/labels/a.txt"),
        ("pictures/a.png", "texts/a.txt"),
    ],
)
def test_yolo_texts_are_found_in_the_usual_places(tmp_path: Path, image: str, text: str) -> None:
    needs_yolo()
    write_files(tmp_path, {image: None, text: YOLO_LINE, "classes.txt": "car\n"})
    assert boxed(tmp_path) == {image: (LabeledBox("car", 40, 30, 20, 20),)}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.yaml", "names: [no, bus]\n"),
        ("data.yaml", "names:\n  0: no\n  1: bus\n"),
        ("coco128.yml", "nc: 2\nnames:\n- no\n- bus\n"),
        ("obj.names", "no\nbus\n\n"),
        ("data/classes.txt", "no\r\nbus\r\n"),
    ],
)
def test_yolo_names_come_from_the_usual_files(tmp_path: Path, name: str, content: str) -> None:
    needs_yolo()
    lines = YOLO_LINE + "1 0.5 0.5 0.2 0.25\n"
    write_files(tmp_path, {"a.png": None, "a.txt": lines, name: content})
    assert [box.label for box in boxed(tmp_path)["a.png"] or ()] == ["no", "bus"]


def test_yolo_names_of_the_nearest_folder_count(tmp_path: Path) -> None:
    needs_yolo()
    write_files(
        tmp_path,
        {
            "train/a.png": None,
            "train/a.txt": YOLO_LINE,
            "train/classes.txt": "near\n",
            "test/b.png": None,
            "test/b.txt": YOLO_LINE,
            "classes.txt": "far\n",
        },
    )
    assert [box.label for found in boxed(tmp_path).values() for box in found or ()] == [
        "far",
        "near",
    ]


def test_yolo_without_boxes_says_nothing_of_them(tmp_path: Path) -> None:
    needs_yolo()
    write_files(
        tmp_path,
        {"a.png": None, "a.txt": "", "b.png": None, "c.png": None, "c.txt": YOLO_LINE}
        | {"classes.txt": "car", "README.txt": "About these pictures"},
    )
    found = boxed(tmp_path)
    assert found["a.png"] is found["b.png"] is None
    assert list(found) == ["a.png", "b.png", "c.png"]


# VOC


def test_whole_voc_data_sets_are_read_without_lists_and_masks(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "Annotations/a.xml": voc("a"),
            "ImageSets/Main/train.txt": "a\n",
            "JPEGImages/a.png": None,
            "SegmentationClass/a.png": None,
        },
    )
    assert boxed(tmp_path)["JPEGImages/a.png"] == (LabeledBox("car", 1, 2, 3, 4),)
    assert list(read(tmp_path)) == ["JPEGImages/a.png"]


def test_voc_of_an_image_without_objects_says_nothing(tmp_path: Path) -> None:
    empty = "<annotation><filename>a.png</filename></annotation>"
    write_files(tmp_path, {"a.xml": empty, "a.png": None})
    assert boxed(tmp_path) == {"a.png": None}


# tables


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_tables_may_be_divided_in_several_ways(tmp_path: Path, mark: str) -> None:
    rows = [["file_name", "more", "class_name"], ["1.wav", "x", "hello"], ["2.wav", "y", ""]]
    text = "\ufeff" + "\r\n".join(mark.join(row) for row in rows)
    write_files(tmp_path, {"labels.csv": text.encode(), "1.wav": b"", "2.wav": b"", "3.csv": "x"})
    assert labels(tmp_path) == {
        "1.wav": ("training", "hello"),
        "2.wav": ("training", None),
        "3.csv": ("training", None),
    }


def test_tables_of_boxes_are_read(tmp_path: Path) -> None:
    table = "file_name,classes,xmin,ymin,xmax,ymax\na.png,car; red,1,2,4.5,6\nb.png,,,,,\n"
    write_files(tmp_path, {"test/labels.csv": table, "test/a.png": None, "test/b.png": None})
    assert boxed(tmp_path) == {
        "test/a.png": (LabeledBox("car", 1, 2, 3.5, 4), LabeledBox("red", 1, 2, 3.5, 4)),
        "test/b.png": (),
    }


@pytest.mark.skipif(sys.platform == "darwin", reason="the file system keeps names its own way")
def test_accents_are_the_same_in_both_ways_of_writing(tmp_path: Path) -> None:
    write_files(tmp_path, {"x/u\u0308.wav": b"", "labels.csv": "file,label\n\u00fc.wav,hello\n"})
    assert [sample.label for sample in read(tmp_path).values()] == ["hello"]


def test_openmv_files_outside_of_classes_are_told(tmp_path: Path) -> None:
    write_files(tmp_path, {"apple.class/1.jpg": b"", "2.jpg": b""})
    told: list[str] = []
    found = read(tmp_path, on_skipped=lambda path, reason: told.append(path.name))
    assert list(found) == ["apple.class/1.jpg"]
    assert told == ["2.jpg"]
