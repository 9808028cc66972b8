"""Claims about the journal: no durable record is lost to a power cut, a loss is a number, thirty days fit."""

import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

HERE = Path(__file__).resolve().parents[1]
ROOMS = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "boards")]
for room in ROOMS:
    if room not in sys.path:
        sys.path.append(room)

from journal_campaign import campaign  # noqa: E402
from journal_reader import read_all  # noqa: E402
from stackpress.simulator.supervisor import MICROPYTHON  # noqa: E402
from stackpress_core.log import packing, records, sectors  # noqa: E402
from stackpress_core.log.journal import Journal  # noqa: E402
from stackpress_sim.nor_file import NorError, NorFile, PowerCut  # noqa: E402

SAMPLE = bytes(range(packing.SIZES[records.SAMPLE]))


def written(flash, count, boot=1, payload=SAMPLE):
    """A journal with `count` durable samples."""
    journal = Journal(flash, boot)
    for _ in range(count):
        journal.append(records.SAMPLE, payload)
        journal.service(4)
    journal.flush()
    return journal


def test_thirty_days_of_stack_pressure_hold_fit_16_mb():
    per_sector = (4096 - sectors.HEADER_BYTES) // (packing.SIZES[records.SAMPLE] + records.OVERHEAD_BYTES)
    usable = 16 * 1024 * 1024 // 4096 - 1  # one sector is erased ahead
    samples = 30 * 86400 // 20
    events = 30 * 24 * 4 * 2 // per_sector + 1  # a time map and a pulled mark each quarter of an hour
    flight = 20 * -(-6000 // records.FLIGHT_SLICE) // ((4096 - sectors.HEADER_BYTES) // records.RECORD_MAX) + 1
    assert -(-samples // per_sector) + events + flight <= usable


def test_thirty_days_of_real_records_leave_the_first_one_readable():
    flash = NorFile(None, 1024 * 1024)  # a sixteenth of the chip holds a sixteenth of the time
    journal = written(flash, 30 * 86400 // 20 // 16)
    assert journal.first_seq == 1 and journal.overwritten_unpulled == 0


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 130),
    st.lists(st.tuples(st.integers(1, 9), st.binary(max_size=250)), min_size=1, max_size=30),
    st.integers(0, 9000),
    st.none() | st.integers(0, 255),
)
def test_every_durable_record_survives_a_power_cut_at_any_byte(before, burst, cut, garbage):
    flash = NorFile(None, 4 * 4096)
    journal = written(flash, before)
    flash.cut_after, flash.garbage = cut, garbage
    appended, durable_next = {}, journal.durable_next
    try:
        for kind, payload in burst:
            seq = journal.append(kind, payload)
            appended[seq] = payload
            journal.service(2)
            durable_next = journal.durable_next
        journal.flush()
        durable_next = journal.durable_next
    except PowerCut:
        durable_next = journal.durable_next
    flash.cut_after = -1
    again = Journal(flash, 2)
    got = read_all(again)
    assert set(range(again.first_seq, durable_next)) <= set(got)
    assert all(got[s][10:-4] == appended.get(s, SAMPLE) for s in got)
    assert all(zlib.crc32(r[:-4]) == int.from_bytes(r[-4:], "little") for r in got.values())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 4095), st.binary(min_size=1, max_size=64), st.integers(60, 150))
def test_rotten_bytes_lose_at_most_the_records_they_touch(at, rot, count):
    flash = NorFile(None, 4 * 4096)
    written(flash, count)
    at = max(at, sectors.HEADER_BYTES)  # sector 0, behind its header
    old = bytearray(min(len(rot), 4096 - at))
    flash.read(at, old)
    flash._write(at, bytes(a ^ b for a, b in zip(old, rot, strict=False)))
    got = read_all(Journal(flash, 2))
    size = len(SAMPLE) + records.OVERHEAD_BYTES
    touched = {(a - sectors.HEADER_BYTES) // size + 1 for a in range(at, at + len(old))}
    page_mates = {s for s in range(1, 53) if s >= min(touched) and s <= max(touched) + 52}
    missing = set(range(1, count + 1)) - set(got)
    length_bytes = {sectors.HEADER_BYTES + (s - 1) * size + k for s in touched for k in (0, 1)}
    framing_hit = length_bytes & set(range(at, at + len(old)))
    assert missing <= (page_mates if framing_hit or len(touched) > 1 else touched)


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=6000), st.integers(0, 16000))
def test_a_foreign_chip_mounts_without_a_crash_and_can_be_written(noise, at):
    flash = NorFile(None, 4 * 4096)
    flash._write(at, noise[: flash.size - at])
    journal = written(flash, 60)
    assert len(read_all(journal)) >= 50


def test_the_campaign_of_power_cuts_gives_the_same_counts_on_micropython():
    here = f"{campaign(7, 40)} {campaign(1234, 40)}\n"
    there = subprocess.run([*MICROPYTHON, str(HERE / "journal_campaign.py"), *ROOMS], capture_output=True, text=True)
    assert there.stderr == "" and there.stdout == here


def test_pulled_sectors_go_without_being_counted_and_unpulled_ones_are_counted():
    flash = NorFile(None, 4 * 4096)
    journal = written(flash, 100)
    journal.mark_pulled(100)
    for _ in range(100):
        journal.append(records.SAMPLE, SAMPLE)
        journal.service(4)
    assert journal.overwritten_unpulled == 0 and journal.first_seq > 1
    for _ in range(150):
        journal.append(records.SAMPLE, SAMPLE)
        journal.service(4)
    assert journal.overwritten_unpulled == journal.first_seq - 101


@pytest.mark.parametrize("more", [0, 1, 60, 120])
def test_the_pulled_mark_survives_a_reboot(more):
    flash = NorFile(None, 6 * 4096)
    journal = written(flash, 70)
    journal.mark_pulled(64)
    journal.flush()
    written(flash, more, boot=2)
    assert Journal(flash, 3).pulled_seq == 64


def test_a_burst_beyond_the_queue_is_counted_and_its_numbers_stay_missing():
    journal = Journal(NorFile(None, 4 * 4096), 1, 512)
    seqs = [journal.append(records.EVENT, bytes(82)) for _ in range(12)]
    journal.flush()
    assert journal.dropped == seqs.count(-1) == 12 - 512 // 96
    assert journal.append(records.EVENT, bytes(18)) == 13
    journal.flush()
    assert sorted(read_all(journal)) == [1, 2, 3, 4, 5, 13]


def test_bulk_that_keeps_to_room_never_costs_another_record():
    journal = Journal(NorFile(None, 8 * 4096), 1)
    for turn in range(600):
        while journal.room >= 238:
            journal.append(records.FLIGHT, bytes(238))
        if turn % 10 == 0:  # 20 a second at 5 ms a pass
            journal.append(records.SAMPLE, SAMPLE)
            journal.append(records.EVENT, bytes(60))
        journal.service(2)
    assert journal.dropped == 0


def test_a_service_pass_does_no_more_than_its_budget():
    flash = NorFile(None, 8 * 4096)
    journal = Journal(flash, 1)
    for _ in range(12):
        journal.append(records.FLIGHT, bytes(238))
    while journal.pending:
        before = flash.programs + flash.erases
        assert journal.service(1) == 1
        assert flash.programs + flash.erases - before <= 1


def test_a_full_queue_is_durable_within_a_fifth_of_a_second_of_passes():
    journal = Journal(NorFile(None, 8 * 4096), 1)
    while journal.append(records.EVENT, bytes(18)) > 0:
        pass
    passes = 0
    while journal.pending:
        journal.service()
        passes += 1
    assert passes <= 100  # a pass every few ms: far below the 5 s that a record may take


def test_a_busy_chip_is_left_alone():
    flash = NorFile(None, 4 * 4096)
    flash.busy = lambda: True
    journal = Journal(flash, 1)
    journal.append(records.SAMPLE, SAMPLE)
    assert journal.service(8) == 0 and flash.programs == 0


def test_reading_from_a_number_that_is_gone_starts_at_the_oldest_there_is():
    journal = written(NorFile(None, 4 * 4096), 300)
    buf = bytearray(1024)
    n, after = journal.read_from(1, buf)
    assert n and int.from_bytes(buf[6:10], "little") == journal.first_seq
    assert journal.read_from(journal.next_seq, buf) == (0, journal.next_seq)
    with pytest.raises(ValueError):
        journal.read_from(1, bytearray(100))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 320), min_size=1, max_size=12), st.integers(264, 1500))
def test_a_read_from_any_number_gives_the_records_in_order_from_there(starts, size):
    journal = written(NorFile(None, 5 * 4096), 300)
    for start in starts:
        buf = bytearray(size)
        n, after = journal.read_from(start, buf)
        expected = range(max(start, journal.first_seq), after)
        step = len(SAMPLE) + records.OVERHEAD_BYTES
        assert [int.from_bytes(buf[k + 6 : k + 10], "little") for k in range(0, n, step)] == list(expected)


def test_the_origin_tells_a_new_chip_from_the_old_one():
    flash = NorFile(None, 4 * 4096)
    written(flash, 100, boot=5)
    assert Journal(flash, 9).origin == 5
    assert Journal(NorFile(None, 4 * 4096), 9).origin == 9


def test_sectors_before_loss_falls_to_zero_before_anything_unpulled_is_overwritten():
    journal = Journal(NorFile(None, 6 * 4096), 1)
    while journal.overwritten_unpulled == 0:
        left = journal.sectors_before_loss
        journal.append(records.SAMPLE, SAMPLE)
        journal.service(4)
    assert left <= 1
    journal.mark_pulled(journal.next_seq - 1)
    assert journal.sectors_before_loss == 5


def test_the_nor_model_refuses_what_a_chip_cannot_do(tmp_path):
    flash = NorFile(str(tmp_path / "nor.bin"), 8192)
    flash.program(0, b"\x0f")
    for address, data in ((0, b"\xf0"), (250, bytes(10)), (8190, bytes(4))):
        with pytest.raises(NorError):
            flash.program(address, data)
    with pytest.raises(NorError):
        flash.erase(100)
    flash.close()
    kept = bytearray(2)
    NorFile(str(tmp_path / "nor.bin"), 8192).read(0, kept)
    assert kept == b"\x0f\xff"


def test_a_torn_records_length_never_leads_past_what_was_written_after_it():
    flash = NorFile(None, 4 * 4096)
    journal = Journal(flash, 1)
    journal.append(records.EVENT, bytes(256 - sectors.HEADER_BYTES - 20 - records.OVERHEAD_BYTES))
    journal.flush()  # 20 bytes are left in the page
    flash.cut_after = 10
    with pytest.raises(PowerCut):
        journal.append(records.EVENT, bytes(46))
        journal.flush()
    flash.cut_after = -1
    again = Journal(flash, 2)
    for size in (26, 30):  # the torn header says that the next record is where the second of these begins
        again.append(records.EVENT, bytes(size))
    again.flush()
    assert sorted(read_all(again)) == sorted(read_all(Journal(flash, 3))) == [1, 2, 3]


@pytest.mark.parametrize("at", range(sectors.HEADER_BYTES))
def test_a_header_with_one_wrong_byte_is_no_header(at):
    flash = NorFile(None, 4 * 4096)
    written(flash, 1)
    byte = bytearray(1)
    flash.read(at, byte)
    flash._write(at, bytes([byte[0] ^ 4]))
    assert sectors.Sectors(flash).header(0) is None


def test_a_header_in_the_wrong_place_is_no_header():
    flash = NorFile(None, 4 * 4096)
    written(flash, 1)
    sector = bytearray(4096)
    flash.read(0, sector)
    flash._write(2 * 4096, sector)
    assert sectors.Sectors(flash).header(0)[0] == 0 and sectors.Sectors(flash).header(2) is None


def test_a_reader_that_was_overtaken_by_the_ring_goes_on_at_the_oldest_record():
    journal = written(NorFile(None, 4 * 4096), 60)
    buf = bytearray(512)
    _, after = journal.read_from(1, buf)
    for _ in range(400):
        journal.append(records.SAMPLE, SAMPLE)
        journal.service(4)
    journal.read_from(after, buf)
    assert int.from_bytes(buf[6:10], "little") == journal.first_seq > after


def test_records_of_kinds_and_lengths_that_this_firmware_does_not_know_are_kept_and_given():
    flash = NorFile(None, 4 * 4096)
    journal, wrote = Journal(flash, 1), {}
    for number in range(40):
        kind, payload = (200, b"\xff" * 30) if number % 3 else (records.SAMPLE, SAMPLE + bytes([number]))
        wrote[journal.append(kind, payload)] = payload
        journal.service(4)
    journal.flush()
    again = Journal(flash, 2)
    assert {seq: record[10:-4] for seq, record in read_all(again).items()} == wrote and again.next_seq == 41
