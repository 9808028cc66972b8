"""Claims about `stackpress flash`: what it refuses, what it writes, and how it goes on after something broke off."""

import errno
import json
import os
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from stackpress.answers import Release
from stackpress.cli import app
from stackpress.errors import WrongImage
from stackpress.flashing import drives, erasing, flash_map, images, targets, uf2
from stackpress.ports import FoundPort
from stackpress_core.maintenance import Maintenance
from stackpress_core.tick import blackboard

from hil_tests.targets.flashable_press import FlashablePress, image
from hil_tests.waiting import until

if sys.platform == "win32":
    pytest.fail("these tests need a pty")

NEW, OLD = "22" * 8, "11" * 8
Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def bench(own_folders: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlashablePress]:
    monkeypatch.chdir(tmp_path)
    one = FlashablePress(tmp_path)
    yield one
    one.close()


@pytest.fixture
def ask(bench: FlashablePress, capsys: pytest.CaptureFixture[str]) -> Ask:
    """`stackpress flash` with --json; gives exit code and document."""

    def asked(*words: str | Path) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = app.run(["flash", *map(str, words), "--yes", "--wait", "5", "--json"])
        return code, json.loads(capsys.readouterr().out)

    return asked


def on(bench: FlashablePress) -> list[str | Path]:
    return ["--port", bench.port, "--drive", bench.drive.path]


def test_a_running_board_is_flashed_comes_back_and_keeps_its_documents(bench: FlashablePress, ask: Ask, tmp_path: Path) -> None:
    bench.boot(OLD)
    code, told = ask(image(tmp_path / "new.uf2", content=NEW), *on(bench))
    assert code == 0 and told["written"], told
    assert told["after"]["firmware"] == f"0.1.0+g0123456789ab.h{NEW}" and told["after"]["identity"] == "PICO-e6614103e7"
    assert told["after"]["documents"] == 3 and told["after"]["documents_changed"] == []


def test_a_board_that_is_gone_before_its_answer_is_read_is_flashed_all_the_same(
    bench: FlashablePress, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.boot(OLD)
    asked = []

    def gone(maintenance: Maintenance) -> None:
        asked.append(maintenance)
        maintenance.board.bootloader()

    monkeypatch.setattr(Maintenance, "bootloader", gone)
    code, told = ask(image(tmp_path / "new.uf2", content=NEW), *on(bench))
    assert asked and code == 0 and told["after"]["firmware"].endswith(NEW), told


def test_the_doctor_says_what_runs_and_where_it_lies(bench: FlashablePress, capsys: pytest.CaptureFixture[str]) -> None:
    bench.boot(OLD)
    app.run(["doctor", "--port", str(bench.port), "--json"])
    found = {one["what"]: one["text"] for one in json.loads(capsys.readouterr().out)["findings"]}
    assert found["image"] == f"frozen image, board pico, commit ffffffffffff, content {OLD}"
    app.run(["status", "--port", str(bench.port), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["firmware"], told["git"], told["hash"]) == ("0.1.0", "ffffffffffff", OLD)


def test_rollback_brings_back_what_ran_before_and_says_if_there_is_nothing(bench: FlashablePress, ask: Ask, tmp_path: Path) -> None:
    bench.boot(OLD)
    assert ask("--rollback", *on(bench))[0] == 1
    for content in (NEW, "33" * 8):
        assert ask(image(tmp_path / "one.uf2", content=content), *on(bench))[0] == 0
    code, told = ask("--rollback", *on(bench))
    assert code == 0 and told["image"]["hash"] == NEW and told["after"]["firmware"].endswith(NEW), told


def test_dry_run_says_what_it_would_do_and_writes_nothing(bench: FlashablePress, ask: Ask, tmp_path: Path) -> None:
    bench.boot(OLD)
    code, told = ask(image(tmp_path / "new.uf2", content=NEW), "--dry-run", *on(bench))
    assert code == 0 and len(told["steps"]) == 4 and "boot drive" in told["steps"][0]
    assert ask("--rollback", *on(bench))[0] == 1 and not bench.drive.path.exists()


@pytest.mark.parametrize(
    "wrong, said",
    [({"board": "pico2", "chip": "rp2350"}, "this chip is an rp2040"), ({"board": "dryrun"}, "this is a pico"),
     ({"kilobytes": 700}, "into the storage that begins at 0x100a0000")],
)  # fmt: skip
def test_a_wrong_image_is_refused_before_anything_is_written(
    bench: FlashablePress, ask: Ask, tmp_path: Path, wrong: dict[str, Any], said: str
) -> None:
    bench.boot(OLD)
    code, told = ask(image(tmp_path / "wrong.uf2", **wrong), *on(bench))
    assert code == 2 and said in told["error"] and told["hint"], told
    assert bench.port.exists() and not bench.drive.path.exists()


def test_a_torn_foreign_or_missing_file_is_refused_with_what_is_wrong(bench: FlashablePress, ask: Ask, tmp_path: Path) -> None:
    bench.boot(OLD)
    whole = image(tmp_path / "whole.uf2").read_bytes()
    for name, data, said in (("torn", whole[:-100], "not whole blocks"), ("hole", whole[:5120] + whole[5632:], "does not belong"),
                             ("other", uf2.encode(b"x" * 5000, uf2.FAMILIES["rp2040"]), "does not say which board"),
                             ("esp", uf2.encode(b"x" * 5000, 0x1C5F21B0), "is for family 0x1c5f21b0")):  # fmt: skip
        (tmp_path / name).write_bytes(data)
        code, told = ask(tmp_path / name, *on(bench))
        assert code == 2 and said in told["error"], told
    assert ask(tmp_path / "missing.uf2", *on(bench))[0] == 2


PLACES = {
    "the vector table": 4, "code": 3000, "a table": 60_000, "the sum": -4,
    "the name of its own comparison": images.SUMMED[0], "the words of it": images.SUMMED[1],
    "what says it is ours": b"stackpress-image;", "the board": b"board=pico", "the hash": b"hash=",
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("bit", [0, 7])
def test_one_flipped_bit_in_an_image_is_refused_before_the_first_byte_is_copied(
    bench: FlashablePress, ask: Ask, tmp_path: Path, place: str, bit: int
) -> None:
    family, first, content = uf2.decode(image(tmp_path / "whole.uf2").read_bytes())
    where = PLACES[place]
    at = where if isinstance(where, int) else content.index(where) + len(where) - 1
    changed = bytearray(content.rstrip(b"\0"))
    changed[at] ^= 1 << bit
    (tmp_path / "bad.uf2").write_bytes(uf2.encode(bytes(changed), family, first))
    bench.boot(OLD)
    for dry in ((), ("--dry-run",)):
        code, told = ask(tmp_path / "bad.uf2", *on(bench), *dry)
        assert code == 2 and "bad.uf2 is damaged: the sum of its words is" in told["error"], told
        assert "nothing was written" in told["hint"], told
    assert bench.port.exists() and not bench.drive.path.exists()


def test_one_flipped_bit_in_the_head_of_a_block_is_refused(tmp_path: Path) -> None:
    whole = image(tmp_path / "whole.uf2").read_bytes()
    blocks = (0, len(whole) // 1024 * 512, len(whole) - 512)
    for block in blocks:
        for bit in range(32 * 8):
            changed = bytearray(whole)
            changed[block + bit // 8] ^= 1 << bit % 8
            if (bit // 32, bit % 32) == (2, 15):
                continue  # that something stands behind the payload: the chip does not look there
            (tmp_path / "bad.uf2").write_bytes(changed)
            with pytest.raises(WrongImage):
                images.read_image(tmp_path / "bad.uf2")


def test_an_image_says_whether_it_is_whole_and_one_from_before_there_were_sums_is_taken(
    bench: FlashablePress, ask: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.boot(OLD)
    code, told = ask(image(tmp_path / "new.uf2"), "--dry-run", *on(bench))
    assert code == 0 and len(told["image"]["sum"]) == 8, told
    code, told = ask(image(tmp_path / "old.uf2", content=NEW, summed=False), *on(bench))
    assert code == 0 and told["written"] and told["image"]["sum"] is None, told
    for name, said in (("new.uf2", "kB, whole by its own sum"), ("old.uf2", "it has no sum: whether it is whole can't be seen")):
        assert app.run(["flash", str(tmp_path / name), "--dry-run", *map(str, on(bench))]) == 0
        assert said in capsys.readouterr().out


def test_file_and_board_are_judged_before_anything_is_looked_for(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "usb_ports", list)
    monkeypatch.setattr(targets, "find_drives", list)
    monkeypatch.setattr(targets, "unmounted", list)
    good = image(tmp_path / "good.uf2")
    (tmp_path / "torn.uf2").write_bytes(good.read_bytes()[:-100])
    (tmp_path / "README.md").write_text("# read me\n")
    for file, said in (("torn.uf2", "is no whole UF2 file"), ("README.md", "is no whole UF2 file"), ("none.uf2", "No such file")):
        code, told = ask(tmp_path / file)
        assert code == 2 and said in told["error"], told
    code, told = ask(good, "--board", "picoo")
    assert code == 2 and "no image for a board picoo" in told["error"] and "mean pico?" in told["hint"], told
    code, told = ask(good, "--board", "pico2")
    assert code == 2 and "is for the board pico" in told["error"], told
    code, told = ask(good)
    assert code == 3 and told["error"] == "no press and no boot drive is attached", told


def test_simulated_press_is_not_taken_for_the_board(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "usb_ports", list)
    monkeypatch.setattr(targets, "find_drives", list)
    monkeypatch.setattr(targets, "unmounted", list)
    monkeypatch.setattr(targets, "simulated_ports", lambda: [FoundPort("/dev/pts/77", "simulated press sim", "simulated")])
    code, told = ask(image(tmp_path / "good.uf2"))
    assert code == 3 and "only a simulated press (/dev/pts/77)" in told["error"] and "--port" in told["hint"], told


def test_an_armed_and_a_tripped_press_are_refused(bench: FlashablePress, ask: Ask, tmp_path: Path) -> None:
    bench.boot(OLD)
    new = image(tmp_path / "new.uf2", content=NEW)
    assert app.run(["arm", "--port", str(bench.port)]) == 0
    code, told = ask(new, *on(bench))
    assert code == 1 and "the press is ready" in told["error"]
    bench.inputs = blackboard.IN_HEALTHY & ~blackboard.IN["estop_a"]
    for _ in range(100):
        code, told = ask(new, *on(bench))
        if "tripped" in told["error"]:
            break
    assert code == 1 and "the press is tripped" in told["error"]
    assert not bench.drive.path.exists()


def test_a_boot_drive_tells_the_chip_only_so_the_board_must_be_known(bench: FlashablePress, ask: Ask, tmp_path: Path) -> None:
    new = image(tmp_path / "new.uf2", content=NEW)
    bench.drive.appear()
    code, told = ask(new, "--drive", bench.drive.path)
    assert code == 2 and "tells the chip (rp2040), not the board" in told["error"] and "--board" in told["hint"]
    assert ask(new, "--drive", bench.drive.path, "--board", "dryrun")[0] == 2
    code, told = ask(new, "--drive", bench.drive.path, "--board", "pico", "--dry-run")
    assert code == 0 and told["why"] == "you said so with --board"
    assert ask(image(tmp_path / "two.uf2", "pico2", chip="rp2350"), "--drive", bench.drive.path, "--board", "pico2")[0] == 2
    assert not list(bench.drive.path.glob("*.uf2"))


def test_a_cable_pulled_in_the_middle_is_told_and_flash_carries_on(bench: FlashablePress, ask: Ask, tmp_path: Path) -> None:
    bench.boot(OLD)
    bench.drive.unplug_after = 200
    code, told = ask(image(tmp_path / "new.uf2", content=NEW), *on(bench))
    assert code == 3 and "stackpress flash" in told["hint"], told
    bench.drive.unplug_after = -1
    bench.drive.appear()
    (tmp_path / "new.uf2").unlink()
    code, told = ask(*on(bench))
    assert code == 0 and told["why"] == "flashing it was begun and did not end", told
    assert told["after"]["firmware"].endswith(NEW) and told["after"]["identity"] == "PICO-e6614103e7"


def test_an_error_of_the_disk_is_no_success_unless_it_comes_with_the_restart(
    bench: FlashablePress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chip restarts on the last block, so that the disk goes away under the copy's last flush."""
    bench.drive.appear()
    data = image(tmp_path / "new.uf2", content=NEW).read_bytes()
    drive = drives.read_drive(bench.drive.path)
    assert drive is not None
    bad_at, flushes, real = 0, 0, os.fsync

    def flush(fd: int) -> None:
        nonlocal flushes
        flushes += 1
        real(fd)
        if flushes == bad_at:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", flush)
    bench.comes_back = False
    bad_at = len(data) // drives.PIECE + 1
    drives.copy(data, drive, lambda done, total: None)
    until(lambda: not bench.drive.there)
    bench.drive.appear()
    bad_at, flushes = 3, 0
    with pytest.raises(drives.FlashBroken, match="broke off at"):
        drives.copy(data, drive, lambda done, total: None)


def test_a_release_comes_apart_and_an_old_one_is_a_version() -> None:
    assert Release.of("0.3.0+g1a2b3c4d5e6f.h0123456789abcdef") == Release("0.3.0", "1a2b3c4d5e6f", "0123456789abcdef")
    assert Release.of("0.0.0") == Release("0.0.0", "", "")


def test_every_board_says_where_its_storage_begins() -> None:
    for name in flash_map.names():
        end = uf2.FLASH + flash_map.flash_bytes(name)
        assert uf2.FLASH + 256 * 1024 < flash_map.storage_start(name) < end, name
        assert flash_map.chip_of(name) in uf2.FAMILIES


def e10_block(address: int = 0x10FFFF00, tagged: bool = True) -> bytes:
    """The block that picotool 2 writes first into an RP2350's UF2, byte for byte (`picotool uf2 convert --abs-block`)."""
    flags, tag = (0xA000, 0x9957E304) if tagged else (0x2000, 0)
    head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, flags, address, 256, 0, 2, 0xE48BFF57)
    return head + (b"\xef" * 256 + struct.pack("<I", tag)).ljust(476, b"\0") + struct.pack("<I", 0x0AB16F30)


@pytest.mark.parametrize("first", [e10_block(), e10_block(0x103FFF00), e10_block(tagged=False)])
def test_a_file_with_the_block_of_e10_is_taken_and_the_block_left_out(first: bytes, tmp_path: Path) -> None:
    path = image(tmp_path / "plain.uf2", board="pico2", chip="rp2350")
    plain = path.read_bytes()
    path.write_bytes(first + plain)
    taken = images.read_image(path)
    assert taken.data == plain and taken.board == "pico2" and taken.end == uf2.FLASH + len(plain) // 512 * 256
    images.check_fits(taken, "pico2", "rp2350", flash_map.storage_start("pico2"))


@pytest.mark.parametrize("bad", [e10_block(), e10_block()[:-4] + b"\0\0\0\0", e10_block().replace(b"\xef", b"\xee", 1)])
def test_nothing_else_is_taken_for_the_block_of_e10(bad: bytes, tmp_path: Path) -> None:
    path = image(tmp_path / "x.uf2", board="pico2", chip="rp2350")
    plain = path.read_bytes()
    for data in (bad + bad + plain, plain + bad) if bad == e10_block() else (bad + plain,):
        path.write_bytes(data)
        with pytest.raises(WrongImage, match="no whole UF2 file"):
            images.read_image(path)
    path.write_bytes(e10_block())
    with pytest.raises(WrongImage, match="no whole UF2 file"):
        images.read_image(path)


def test_our_images_have_no_such_block() -> None:
    assert uf2.encode(b"x" * 1000, uf2.FAMILIES["rp2350"])[:512] != e10_block()
    assert len(uf2.encode(b"x" * 1000, uf2.FAMILIES["rp2350"])) == 4 * 512


def test_storage_is_erased_only_when_asked_and_then_is_no_loss(bench: FlashablePress, ask: Ask, tmp_path: Path) -> None:
    bench.boot(OLD)
    same = image(tmp_path / "same.uf2", content=OLD)
    code, told = ask(same, *on(bench))
    assert code == 0 and not told["written"], told
    code, told = ask(same, *on(bench), "--erase-storage", "--dry-run")
    assert code == 0 and "new store" in " ".join(told["steps"]) and not bench.erased, told
    code, told = ask(same, *on(bench), "--erase-storage")
    assert code == 0 and told["written"] and bench.erased, told
    assert told["after"]["documents"] == 0 and len(told["after"]["documents_changed"]) == 3
    kept = next((tmp_path / "STACKPRESS_DATA").rglob(f"{OLD}.uf2"))
    assert erasing.MARK not in kept.read_bytes()  # going back to this image later erases nothing


def test_the_mark_asks_for_a_new_store_in_the_words_that_the_image_knows() -> None:
    from stackpress.paths import FIRMWARE

    assert f"ERASE = {erasing.MARK!r}".replace("'", '"') in (FIRMWARE / "drivers/internal_store.py").read_text()
    plain = uf2.encode(b"y" * 5000, uf2.FAMILIES["rp2040"])
    marked = erasing.with_mark(plain, 0x100A0000)
    addresses = [struct.unpack_from("<I", marked, at + 12)[0] for at in range(0, len(marked), 512)]
    wanted = [*range(0x10000000, 0x10002000, 256), *range(0x100A0000, 0x100A1000, 256)]
    assert addresses == wanted  # whole sectors: RP2040-E14
