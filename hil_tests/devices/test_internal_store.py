"""What a board makes of the flash that it finds: pairs of our boards, others' leavings, damage; on MicroPython's littlefs."""

import json
import random
import struct
import subprocess
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from littlefs import LittleFS, LittleFSError
from stackpress.flashing import flash_map
from stackpress.paths import BOARDS, FIRMWARE
from stackpress.simulator.supervisor import MICROPYTHON

from hil_tests.targets import storage
from hil_tests.targets.storage import BLOCK, file_system

LEFT = 64  # blocks that a store of today leaves at the end of the storage
SCRIPT = Path(__file__).with_name("store_on_micropython.py")
LARGE = b'{"p":' + b"1" * 5000 + b"}"
DOCUMENTS = {"config": b'{"format":1}', "ceilings": b'{"c":1}' + b" " * 900, "program/p": LARGE}
HEAP_KB = 150
WORN = -2  # in the place of a seed
RP2040 = [name for name in flash_map.names() if flash_map.chip_of(name) == "rp2040"]


def whole_of(board: str) -> int:
    return flash_map.storage_bytes(board) // BLOCK


def room_of(board: str) -> int:
    """Blocks for documents: what a board's journal leaves of the storage."""
    settings = tomllib.loads((BOARDS / board / "board.toml").read_text()).get("settings", {})
    return whole_of(board) - int(settings.get("journal_kb", 0)) * 1024 // BLOCK


def opened(*cases: tuple[Path, int] | tuple[Path, int, int] | tuple[Path, int, int, int]) -> list[dict[str, Any]]:
    """(flash, room, writes to the power cut, seed of bits that read either way); with the RAM that a board has at its start."""
    words = [str(word) for case in cases for word in (*case, *(-1,) * (4 - len(case)))]
    command = [*MICROPYTHON, "-X", f"heapsize={HEAP_KB}k", str(SCRIPT), str(FIRMWARE), *words]
    done = subprocess.run(command, capture_output=True, text=True)
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


def of_first_release(board: str) -> int:
    """Blocks of a store that 0.1.0 made: all the room."""
    return room_of(board)


def of_today(board: str) -> int:
    return min(room_of(board), whole_of(board) - LEFT)


SIZES = {"of 0.1.0": of_first_release, "of today": of_today}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("after", RP2040)
@pytest.mark.parametrize("before", RP2040)
def test_each_board_takes_over_all_that_each_other_stored(before: str, after: str, size: str, tmp_path: Path) -> None:
    blocks = SIZES[size](before)
    path = left_by(tmp_path, store(blocks), whole_of(after))
    first, second = opened((path, room_of(after)), (path, room_of(after)))
    assert kept(first) and kept(second) and second["found"] == "kept" and second["touched"] == 0
    assert first["keeps"] and second["keeps"]
    larger = blocks > room_of(after)
    assert first["found"] == ("moved" if larger else "kept") and bool(first["told"]) == larger


def test_a_store_made_today_is_carried_over_by_no_board() -> None:
    assert all(of_today(before) <= room_of(after) for before in RP2040 for after in RP2040)


def test_a_store_larger_than_room_and_ram_is_left_as_it_is_and_that_is_told(tmp_path: Path) -> None:
    many = {f"program/p{i}": LARGE for i in range(40)}
    data = store(352, many)
    path = left_by(tmp_path, data)
    (answer,) = opened((path, 288))
    assert answer["found"] == "large" and answer["touched"] == 0 and path.read_bytes() == data
    assert "--erase-storage" in answer["told"] and len(answer["told"]) <= 64
    (answer,) = opened((path, 352))  # on the board that it was made on it is as good as ever
    assert answer["found"] == "kept" and len(documents_in(answer)) == 40


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


def littlefs(files: Mapping[str, bytes], blocks: int = 352, block: int = BLOCK, **others: int) -> bytes:
    return storage.littlefs(files, blocks, block, **others)


def with_name(name: bytes) -> bytes:
    """A littlefs whose one file has a name in the letters of 1985."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("littlefs.lfs.FILENAME_ENCODING", "latin-1")
        return littlefs({"/" + name.decode("latin-1"): b"1", "/documents/" + name.decode("latin-1"): b"1"})


NOISE = random.Random(1).randbytes(352 * BLOCK)
FAT = bytes.fromhex("eb3c90") + b"MSDOS5.0" + b"\x00" * 499 + b"\x55\xaa"
LOGS = {f"/log{i}.csv": NOISE[:30000] for i in range(60)}
LEAVINGS: dict[str, Callable[[], bytes]] = {
    "noise": lambda: NOISE,
    "noise in the first block": lambda: NOISE[:BLOCK],
    "noise in the second block": lambda: b"\xff" * BLOCK + NOISE[:BLOCK],
    "noise, its beginning half erased": lambda: (b"\xff" * 2048 + NOISE[:2048]) * 2 + NOISE,
    "zeros": lambda: b"\x00" * 352 * BLOCK,
    "a block of zeros": lambda: b"\x00" * BLOCK,
    "a checker board": lambda: b"\x55\xaa" * 176 * BLOCK,
    "a FAT": lambda: FAT + b"\x00" * 40 * BLOCK,
    "a FAT with files": lambda: FAT + NOISE[: 200 * BLOCK],
    "code": lambda: (FIRMWARE / "stackpress_core/documents.py").read_bytes() * 200,  # our own constants among it
    "half a superblock": lambda: store(352)[:40],
    "a superblock of other blocks": lambda: b"\x00" * 8 + b"littlefs" + struct.pack("<IIII", 0, 0x20000, 512, 2816),
    "a superblock larger than the flash": lambda: b"\x00" * 8 + b"littlefs" + struct.pack("<IIII", 0, 0x20000, BLOCK, 4000),
    "a store of ours with all it held gone": lambda: store(352, {})[:44] + b"\x00" * 8000,
    "a littlefs with a program": lambda: littlefs({"/main.py": b"print(1)", "/lib/drivers/x.py": NOISE[:3000]}),
    "a littlefs with more than the RAM holds": lambda: littlefs({path: LOGS[path] for path in list(LOGS)[:10]}),
    "a littlefs that is full": lambda: littlefs(LOGS),
    "a littlefs that is nearly full": lambda: littlefs(dict(list(LOGS.items())[:42])),
    "a littlefs of 300 files": lambda: littlefs({f"/{i}": b"" for i in range(300)}),
    "a littlefs of deep folders": lambda: littlefs({"/d" * 40 + "/f": b"1"}),
    "a littlefs of 4 blocks": lambda: littlefs({}, 4),
    "a littlefs of 16 blocks": lambda: littlefs({"/a": b"1"}, 16),
    "a littlefs of blocks of 512": lambda: littlefs({"/a": NOISE[:3000]}, 2816, 512),
    "a littlefs of blocks of 64 kB": lambda: littlefs({"/a": NOISE[:3000]}, 22, 65536),
    "a littlefs of small pages": lambda: littlefs({"/a": NOISE[:3000]}, prog_size=16, read_size=16),
    "a littlefs of a later version": lambda: littlefs({"/a": NOISE[:3000]}, disk_version=0x00020001),
    "a littlefs of long names": lambda: littlefs({"/a": b"1"}, name_max=1022),
    "a littlefs of short names": lambda: littlefs({"/a": b"1"}, name_max=8),
    "a littlefs of small files": lambda: littlefs({"/a": b"1"}, file_max=4000),
    "a littlefs whose names are no UTF-8": lambda: with_name("Pr\xe4zision".encode("latin-1")),
    "a littlefs with a file `documents`": lambda: littlefs({"/documents": b"1"}),
    "a littlefs with others' documents": lambda: littlefs({"/documents/thesis.txt": NOISE[:9000]}),
    "a littlefs with a file `moving`": lambda: littlefs({"/moving": b"1"}),
}


@pytest.mark.parametrize("name", LEAVINGS)
def test_what_another_firmware_left_gives_way_to_a_new_store_on_each_board_and_that_is_told(name: str, tmp_path: Path) -> None:
    data = LEAVINGS[name]()
    for board in [*RP2040, "pico2"]:
        path = left_by(tmp_path, data, whole_of(board))
        first, second = opened((path, room_of(board)), (path, room_of(board)))
        assert first["found"] == "made" and "not ours" in first["told"] and first["files"] == {"/documents": None}, (board, first)
        assert second["found"] == "kept" and second["told"] == "" and second["touched"] == 0, (board, second)
        assert first["keeps"] and second["keeps"], board


@pytest.mark.parametrize("seed", range(6))
def test_blocks_that_read_either_way_never_cost_a_store_of_ours(seed: int, tmp_path: Path) -> None:
    data = store(288)
    path = left_by(tmp_path, data)
    (answer,) = opened((path, 288, 0, seed))  # whatever it read, nothing was written
    assert answer["found"] in ("kept", "damaged") and path.read_bytes()[: len(data)] == data


def test_a_board_whose_flash_keeps_nothing_starts_all_the_same_and_says_so(tmp_path: Path) -> None:
    for data in (b"", NOISE):
        (answer,) = opened((left_by(tmp_path, data), 288, -1, WORN))
        assert answer["found"] == "worn" and "keeps nothing" in answer["told"] and len(answer["told"]) <= 64


@pytest.mark.parametrize("seed", range(3))
def test_leavings_that_read_either_way_give_way_to_a_new_store(seed: int, tmp_path: Path) -> None:
    for data in (b"", NOISE, littlefs({"/main.py": b"print(1)"})):
        (answer,) = opened((left_by(tmp_path, data), 288, -1, seed))
        assert answer["found"] == "made" and answer["keeps"]


def test_flash_that_was_never_written_gets_a_store_without_a_word(tmp_path: Path) -> None:
    (answer,) = opened((left_by(tmp_path, b""), 288))
    assert answer["found"] == "new" and answer["told"] == "" and answer["files"] == {"/documents": None}


def test_another_s_files_beside_our_documents_stay(tmp_path: Path) -> None:
    path = left_by(tmp_path, file_system(DOCUMENTS, 352 * BLOCK, {"/main.py": b"print(1)"}))
    for room in (352, 288):
        (answer,) = opened((path, room))
        assert kept(answer) and "/main.py" in documents_in(answer)


def damaged(kind: str) -> bytes:
    data = bytearray(store(352))
    if kind == "one superblock":
        data[:BLOCK] = b"\xff" * BLOCK
    elif kind == "both superblocks erased":
        data[: 2 * BLOCK] = b"\xff" * 2 * BLOCK
    elif kind == "both superblocks in noise":
        data[: 2 * BLOCK] = random.Random(3).randbytes(2 * BLOCK)
    elif kind == "both superblocks half erased":
        data[:2048] = data[BLOCK : BLOCK + 2048] = b"\xff" * 2048
    elif kind == "one superblock that says another size":
        data[28:32] = struct.pack("<I", 200)
    elif kind == "both superblocks say another size":
        data[28:32] = data[BLOCK + 28 : BLOCK + 32] = struct.pack("<I", 200)
    elif kind == "another firmware's littlefs over it":
        data[: 2 * BLOCK] = littlefs({"/main.py": b"1"})[: 2 * BLOCK]
    elif kind == "all but its last documents zero":
        data[: 5 * BLOCK] = b"\x00" * 5 * BLOCK
    else:
        at = data.index(b"littlefs") + 24  # behind the superblock's entry: the checksum no longer fits
        data[at : at + 2000] = b"\x00" * 2000
        data[BLOCK + at : BLOCK + at + 2000] = b"\x00" * 2000
    return bytes(data)


DAMAGE = [
    "both superblocks erased", "both superblocks in noise", "both superblocks half erased", "both superblocks say another size",
    "the root's entries", "another firmware's littlefs over it", "all but its last documents zero",
]  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_store_of_ours_is_left_as_it_is_and_the_remedy_is_named(kind: str, tmp_path: Path) -> None:
    data = damaged(kind)
    for room in (288, 352):
        path = left_by(tmp_path, data)
        (answer,) = opened((path, room))
        assert answer["found"] == "damaged" and answer["touched"] == 0 and path.read_bytes() == data
        assert "--erase-storage" in answer["told"] and len(answer["told"]) <= 64


@pytest.mark.parametrize("kind", ["one superblock", "one superblock that says another size"])
def test_a_store_with_one_superblock_left_is_whole(kind: str, tmp_path: Path) -> None:
    (answer,) = opened((left_by(tmp_path, damaged(kind)), 352))
    assert kept(answer) and answer["found"] == "kept"


def test_a_store_is_made_new_when_the_host_asks_for_it(tmp_path: Path) -> None:
    from stackpress.flashing.erasing import MARK

    (answer,) = opened((left_by(tmp_path, MARK + store(352)[len(MARK) :]), 288))
    assert answer["found"] == "new" and answer["files"] == {"/documents": None}


@pytest.mark.parametrize("cut", [0, 1, 2, 5, 20, 40])
def test_power_that_goes_while_a_store_is_made_is_made_up_for_at_the_next_start(cut: int, tmp_path: Path) -> None:
    path = left_by(tmp_path, NOISE)
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
