"""What a board makes of the flash that it finds: pairs of our boards, others' leavings, damage; on MicroPython's littlefs."""

import json
import random
import struct
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from littlefs import LittleFS, LittleFSError
from stackpress.flashing import flash_map
from stackpress.paths import BOARDS, FIRMWARE
from stackpress.simulator.supervisor import MICROPYTHON

from hil_tests.targets.storage import BLOCK, file_system

SCRIPT = Path(__file__).with_name("store_on_micropython.py")
LARGE = b'{"p":' + b"1" * 5000 + b"}"
DOCUMENTS = {"config": b'{"format":1}', "ceilings": b'{"c":1}' + b" " * 900, "program/p": LARGE}
RP2040 = [name for name in flash_map.names() if flash_map.chip_of(name) == "rp2040"]


def whole_of(board: str) -> int:
    return flash_map.storage_bytes(board) // BLOCK


def room_of(board: str) -> int:
    """Blocks for documents: what a board's journal leaves of the storage."""
    settings = tomllib.loads((BOARDS / board / "board.toml").read_text()).get("settings", {})
    return whole_of(board) - int(settings.get("journal_kb", 0)) * 1024 // BLOCK


def opened(*cases: tuple[Path, int] | tuple[Path, int, int]) -> list[dict[str, Any]]:
    words = [str(word) for case in cases for word in (*case, *(-1,) * (3 - len(case)))]
    command = [*MICROPYTHON, str(SCRIPT), str(FIRMWARE / "drivers"), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def left_by(folder: Path, data: bytes, whole: int = 352) -> Path:
    """The whole storage with `data` at its beginning; what is behind it was never written."""
    path = folder / "flash.bin"
    path.write_bytes(data[: whole * BLOCK].ljust(whole * BLOCK, b"\xff"))
    return path


def store(blocks: int, documents: Mapping[str, bytes] = DOCUMENTS) -> bytes:
    return file_system(documents, blocks * BLOCK)


def documents_in(answer: dict[str, Any]) -> set[str]:
    return {path for path, data in answer["files"].items() if data is not None}


def kept(answer: dict[str, Any]) -> bool:
    return documents_in(answer) >= {"/documents/" + name.replace("/", "__") + ".a" for name in DOCUMENTS}


@pytest.mark.parametrize("after", RP2040)
@pytest.mark.parametrize("before", RP2040)
def test_each_board_takes_over_the_store_of_each_other_with_all_it_holds(before: str, after: str, tmp_path: Path) -> None:
    path = left_by(tmp_path, store(room_of(before)), whole_of(after))
    first, second = opened((path, room_of(after)), (path, room_of(after)))
    assert kept(first) and kept(second) and second["found"] == "kept" and second["touched"] == 0
    larger = room_of(before) > room_of(after)
    assert first["found"] == ("moved" if larger else "kept") and bool(first["told"]) == larger


def mounted(data: bytes) -> LittleFS:
    """By littlefs-python, which formats what it can't mount unless it is only told to mount. LittleFSError if it can't."""
    fs = LittleFS(block_size=BLOCK, block_count=len(data) // BLOCK, prog_size=256, read_size=32, lookahead_size=32, mount=False)
    fs.context.buffer[:] = data
    fs.mount()
    return fs


def test_what_micropython_s_littlefs_wrote_another_one_reads_word_for_word(tmp_path: Path) -> None:
    path = left_by(tmp_path, store(352))
    assert opened((path, 288))[0]["found"] == "moved"  # all of it is written anew
    data, before = path.read_bytes()[: 288 * BLOCK], mounted(store(352))
    after = mounted(data)
    names = set(before.listdir("/documents"))
    for name in names:
        with before.open(f"/documents/{name}", "rb") as one, after.open(f"/documents/{name}", "rb") as other:
            assert one.read() == other.read()
    assert set(after.listdir("/documents")) == names and len(names) >= len(DOCUMENTS)


def test_a_store_that_is_damaged_is_not_made_whole_by_looking_at_it(tmp_path: Path) -> None:
    with pytest.raises(LittleFSError):
        mounted(damaged("both superblocks erased"))


def test_a_store_of_an_earlier_size_is_taken_over_on_pico2_too(tmp_path: Path) -> None:
    (answer,) = opened((left_by(tmp_path, store(352), whole_of("pico2")), room_of("pico2")))
    assert kept(answer) and answer["found"] == "kept"


FAT = bytes.fromhex("eb3c90") + b"MSDOS5.0" + b"\x00" * 499 + b"\x55\xaa"
LEAVINGS = {
    "noise": random.Random(1).randbytes(352 * BLOCK),
    "noise in the first block": random.Random(2).randbytes(BLOCK),
    "zeros": b"\x00" * 352 * BLOCK,
    "a FAT": FAT + b"\x00" * 40 * BLOCK,
    "code": (FIRMWARE / "stackpress_core/documents.py").read_bytes() * 200,  # our own constants among it
    "half a superblock": store(352)[:40],
    "a littlefs of other blocks": b"\x00" * 8 + b"littlefs" + struct.pack("<IIII", 0, 0x20000, 512, 2816),
    "a littlefs larger than the flash": b"\x00" * 8 + b"littlefs" + struct.pack("<IIII", 0, 0x20000, BLOCK, 4000),
    "a littlefs with its entries gone": store(352, {})[:44] + b"\x00" * 8000,
}


@pytest.mark.parametrize("name", LEAVINGS)
def test_what_another_firmware_left_gives_way_to_a_new_store_and_that_is_told(name: str, tmp_path: Path) -> None:
    path = left_by(tmp_path, LEAVINGS[name])
    first, second = opened((path, 288), (path, 288))
    assert first["found"] == "made" and "not ours" in first["told"] and first["files"] == {"/documents": None}
    assert second["found"] == "kept" and second["told"] == "" and second["touched"] == 0


def test_flash_that_was_never_written_gets_a_store_without_a_word(tmp_path: Path) -> None:
    (answer,) = opened((left_by(tmp_path, b""), 288))
    assert answer["found"] == "new" and answer["told"] == "" and answer["files"] == {"/documents": None}


def test_a_littlefs_of_another_firmware_keeps_its_files_and_takes_ours(tmp_path: Path) -> None:
    path = left_by(tmp_path, file_system({}, 352 * BLOCK, {"/main.py": b"print(1)"}))
    (answer,) = opened((path, 352))
    assert answer["found"] == "kept" and documents_in(answer) == {"/main.py"}


def damaged(kind: str) -> bytes:
    data = bytearray(store(352))
    if kind == "one superblock":
        data[:BLOCK] = b"\xff" * BLOCK
    elif kind == "both superblocks erased":
        data[: 2 * BLOCK] = b"\xff" * 2 * BLOCK
    elif kind == "both superblocks in noise":
        data[: 2 * BLOCK] = random.Random(3).randbytes(2 * BLOCK)
    else:
        at = data.index(b"littlefs") + 24  # behind the superblock's entry: the checksum no longer fits
        data[at : at + 2000] = b"\x00" * 2000
        data[BLOCK + at : BLOCK + at + 2000] = b"\x00" * 2000
    return bytes(data)


@pytest.mark.parametrize("kind", ["both superblocks erased", "both superblocks in noise", "the root's entries"])
def test_a_damaged_store_of_ours_is_left_as_it_is_and_the_remedy_is_named(kind: str, tmp_path: Path) -> None:
    data = damaged(kind)
    path = left_by(tmp_path, data)
    (answer,) = opened((path, 288))
    assert answer["found"] == "damaged" and answer["touched"] == 0 and path.read_bytes() == data
    assert "--erase-storage" in answer["told"] and len(answer["told"]) <= 64


def test_a_store_with_one_superblock_left_is_whole(tmp_path: Path) -> None:
    (answer,) = opened((left_by(tmp_path, damaged("one superblock")), 352))
    assert kept(answer) and answer["found"] == "kept"


def test_a_store_is_made_new_when_the_host_asks_for_it(tmp_path: Path) -> None:
    from stackpress.flashing.erasing import MARK

    (answer,) = opened((left_by(tmp_path, MARK + store(352)[len(MARK) :]), 288))
    assert answer["found"] == "new" and answer["files"] == {"/documents": None}


@pytest.mark.parametrize("cut", [0, 1, 2, 5, 20, 40])
def test_power_that_goes_while_a_store_is_made_is_made_up_for_at_the_next_start(cut: int, tmp_path: Path) -> None:
    path = left_by(tmp_path, LEAVINGS["noise"])
    opened((path, 288, cut))
    (answer,) = opened((path, 288))
    assert answer["found"] in ("made", "new", "kept") and answer["files"] == {"/documents": None}


def test_power_that_goes_while_a_store_is_carried_over_is_told_if_anything_was_lost(tmp_path: Path) -> None:
    found = set()
    for cut in range(0, 40, 3):
        path = left_by(tmp_path, store(352))
        opened((path, 288, cut))
        (answer,) = opened((path, 288))
        found.add(answer["found"])
        assert answer["files"] is None or kept(answer) or answer["told"], (cut, answer)
    assert "cut" in found


@pytest.mark.parametrize("seed", range(12))
def test_random_damage_to_our_store_never_makes_it_new_silently(seed: int, tmp_path: Path) -> None:
    """Whatever is hit: either all is still there, or it is told; and what was not ours to judge was not touched."""
    dice = random.Random(seed)
    data = bytearray(store(352))
    used = [block for block in range(352) if data[block * BLOCK : (block + 1) * BLOCK].strip(b"\xff")]
    for block in dice.sample(used, dice.randint(1, 3)):
        data[block * BLOCK : (block + 1) * BLOCK] = dice.choice([b"\xff" * BLOCK, b"\x00" * BLOCK, dice.randbytes(BLOCK)])
    path = left_by(tmp_path, bytes(data))
    (answer,) = opened((path, 352))
    assert answer["found"] in ("kept", "damaged") and answer["touched"] == 0
