"""Which programs a machine runs, by the marks of its accelerators."""

from __future__ import annotations

from pathlib import Path

import pytest

from ei_runner_core.studio.machine import runner_targets

AARCH64 = "runner-linux-aarch64"
JETPACK_6_0 = (
    "usr/local/cuda-12.2/targets/aarch64-linux/lib/libcudart.so.12",
    "usr/lib/aarch64-linux-gnu/libnvinfer.so.8",
    "usr/lib/aarch64-linux-gnu/libcudnn.so.8.9.4",
)


def targets(root: Path, *files: str, platform: str = "linux-aarch64", **more: object) -> list[str]:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    settings = {"platform": platform, "is_64_bit": True, "environment": {}} | more
    return list(runner_targets(root, **settings))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux-x86_64", ["runner-linux-x86_64"]),
        ("linux-aarch64", [AARCH64]),
        ("linux-armv7l", ["runner-linux-armv7"]),
        ("macos-x86_64", ["runner-mac-x86_64"]),
        ("macos-aarch64", ["runner-mac-arm64"]),
        ("windows-x86_64", []),
        ("linux-riscv64", []),
    ],
)
def test_each_platform_has_its_plain_target(
    tmp_path: Path, platform: str, expected: list[str]
) -> None:
    assert targets(tmp_path, platform=platform) == expected


def test_a_32_bit_userland_runs_32_bit_programs(tmp_path: Path) -> None:
    armv7 = ["runner-linux-armv7"]
    assert targets(tmp_path, "dev/akida0", is_64_bit=False) == armv7
    assert targets(tmp_path, platform="linux-armv8l", is_64_bit=False) == armv7
    assert targets(tmp_path, platform="linux-x86_64", is_64_bit=False) == []


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (["dev/drpai0"], "rzv2l"),
        (["dev/akida0"], "akd1000"),
        (["dev/nvhost-as-gpu"], "jetson-orin"),
        (["dev/nvhost-as-gpu", *JETPACK_6_0], "jetson-orin-6-0"),
        (["dev/nvhost-as-gpu", *JETPACK_6_0[:2]], "jetson-orin"),
        (["usr/lib/libQnnTFLiteDelegate.so"], "qnn"),
        (["usr/lib/libQnnTFLiteDelegate.so", "dev/drpai0", "dev/akida0"], "rzv2l"),
        (["usr/lib/libQnnTFLiteDelegate.so", "dev/nvhost-as-gpu"], "jetson-orin"),
    ],
)
def test_an_accelerator_comes_before_the_plain_target(
    tmp_path: Path, files: list[str], name: str
) -> None:
    assert targets(tmp_path, *files) == [f"{AARCH64}-{name}", AARCH64]


def test_a_jetson_nano_is_known_by_its_device_tree_or_its_container(tmp_path: Path) -> None:
    gpu = "dev/nvhost-as-gpu"
    nano = {"INFERENCE_CONTAINER_JETSON_NANO": "1"}
    assert targets(tmp_path, gpu, environment=nano)[0] == f"{AARCH64}-jetson-nano"
    model = tmp_path / "proc/device-tree/model"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"NVIDIA Jetson Nano Developer Kit\0")
    assert targets(tmp_path, gpu)[0] == f"{AARCH64}-jetson-nano"
    orin = {"INFERENCE_CONTAINER_JETSON_ORIN_6_0": "1"}
    assert targets(tmp_path, gpu, environment=orin)[0] == f"{AARCH64}-jetson-orin-6-0"


def test_an_akida_in_a_pc_does_not_run_programs_for_arm(tmp_path: Path) -> None:
    found = targets(tmp_path, "dev/akida0", platform="linux-x86_64")
    assert found == ["runner-linux-x86_64-akd1000", "runner-linux-x86_64"]
