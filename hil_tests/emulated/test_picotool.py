"""What picotool, the chip's maker's own program, says of our images: Debian's package, fetched and unpacked, not installed."""

import platform
import shutil
import subprocess
from pathlib import Path

import pytest
from stackpress.flashing import erasing, flash_map, uf2
from stackpress_core.version import VERSION

from boards.images import sources
from boards.images.board_data import board_data
from hil_tests.targets.emulator import IMAGE

LOADER = "usr/lib/x86_64-linux-gnu"
PACKAGES = ("picotool", "libusb-1.0-0", "libc6", "libstdc++6", "libgcc-s1", "libudev1", "libcap2")
Words = list[str]


@pytest.fixture(scope="module")
def picotool(tmp_path_factory: pytest.TempPathFactory) -> Words:
    """The command: the one of this machine, else Debian trixie's with its own libraries."""
    if shutil.which("picotool"):
        return ["picotool"]
    if not shutil.which("apt-get") or platform.machine() != "x86_64":
        pytest.skip("picotool is not installed, and Debian's for x86-64 can't be fetched here")
    root = sources.unpacked(tmp_path_factory.mktemp("picotool"), "trixie", PACKAGES)
    libraries = root / LOADER
    return [str(libraries / "ld-linux-x86-64.so.2"), "--library-path", str(libraries), str(root / "usr/bin/picotool")]


def said(command: Words, *words: str | Path) -> str:
    done = subprocess.run([*command, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return " ".join(done.stdout.split())


@pytest.mark.network
def test_picotool_tells_name_version_board_and_pins_of_this_program(picotool: Words) -> None:
    told = said(picotool, "info", "-a", IMAGE)
    assert "name: stackpress" in told and f"version: {VERSION}" in told and "board pico" in told and "MicroPython v" not in told
    for role, pin in board_data("pico")["pins"].items():
        assert f" {pin}: {role}" in told


@pytest.mark.network
def test_picotool_reads_an_image_that_asks_for_a_new_store(picotool: Words, tmp_path: Path) -> None:
    path = tmp_path / "erasing.uf2"
    path.write_bytes(erasing.with_mark(IMAGE.read_bytes(), flash_map.storage_start("pico")))
    assert "name: stackpress" in said(picotool, "info", path)


@pytest.mark.network
def test_the_block_that_picotool_writes_for_e10_is_the_one_that_we_leave_out(picotool: Words, tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"x" * 1000)
    plain, marked = tmp_path / "plain.uf2", tmp_path / "marked.uf2"
    said(picotool, "uf2", "convert", tmp_path / "x.bin", plain, "--family", "rp2350-arm-s", "-o", "0x10000000")
    said(picotool, "uf2", "convert", tmp_path / "x.bin", marked, "--family", "rp2350-arm-s", "-o", "0x10000000", "--abs-block")
    assert marked.stat().st_size == plain.stat().st_size + 512
    assert uf2.for_the_drive(marked.read_bytes()) == plain.read_bytes() == uf2.for_the_drive(plain.read_bytes())
