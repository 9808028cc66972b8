"""Power cuts: torn as a chip tears, a journal that loses or invents a record is found out, documents are whole."""

# mypy: disable-error-code="no-untyped-call"

import random

from stackpress_core.log.journal import Journal
from stackpress_sim.nor_file import NorFile

from hil_tests.campaign import document_cuts, power_cuts


def written(count: int, boot: int = 1) -> tuple[power_cuts.Traced, power_cuts.Known]:
    """A chip with so many records, each committed, and its steps."""
    known: power_cuts.Known = {}
    flash = power_cuts.Traced(4 * 4096)
    journal = Journal(flash, boot)
    flash.stand = lambda: (journal.durable_next, journal.next_seq)
    for i in range(count):
        payload = bytes([i % 256]) * 60
        known[journal.append(1, payload)] = b"\x01" + payload
        journal.flush()
    return flash, known


def test_cuts_of_each_step_of_a_journal_lose_nothing_and_invent_nothing() -> None:
    flash, known = written(120)
    counts = power_cuts.Counts()
    power_cuts.cut_all(
        flash.steps[-40:], {}, 0, power_cuts.Counts(), 1, flash.size
    )  # an empty chip, and steps that are not its own
    power_cuts.cut_all(flash.steps, known, 1, counts, 8, flash.size)  # torn, and with bits that are neither
    assert counts.cuts > len(flash.steps) and (counts.lost, counts.false) == (0, 0)


def test_a_committed_record_that_is_gone_and_one_that_nobody_wrote_are_counted() -> None:
    flash, known = written(20)
    counts = power_cuts.Counts()
    power_cuts.checked(flash, 2, known, 21, counts, "whole")
    assert (counts.lost, counts.false) == (0, 0)
    power_cuts.checked(flash, 2, {**known, 3: b"another"}, 21, counts, "changed")
    assert (counts.lost, counts.false) == (0, 1)
    flash._write(100, b"\0\0\0\0")
    power_cuts.checked(flash, 2, known, 21, counts, "rotten")
    assert counts.lost > 0


def test_bits_on_their_way_read_differently_until_they_are_written() -> None:
    chip = power_cuts.Marginal(b"\xff" * 4096, random.Random(1))
    chip.unsure = {5: 0xFF}

    def read() -> bytes:
        buf = bytearray(8)
        chip.read(0, buf)
        return bytes(buf)

    assert len({read() for _ in range(20)}) > 10
    chip.program(0, bytes(8))
    assert {read() for _ in range(20)} == {bytes(8)}
    chip.unsure = {5: 0xFF}
    chip.erase(0)
    assert {read() for _ in range(20)} == {b"\xff" * 8}


def test_a_trace_of_a_press_has_programs_erases_and_its_records() -> None:
    steps, known = power_cuts.traced(1)
    assert sum(not step.data for step in steps) > 3 and len(known) > 100 and steps[-1].durable > 100
    whole = NorFile(None, power_cuts.SECTORS * 4096)
    for step in steps:
        whole.program(step.address, step.data) if step.data else whole.erase(step.address)
    got = power_cuts.read_all(Journal(whole, 9))
    assert got and all(known[seq] == kept for seq, kept in got.items())


def test_documents_on_littlefs_are_the_old_or_the_new_one_after_any_cut() -> None:
    found = document_cuts.run(40, 0)
    assert found["cuts"] >= 40 and found["lost"] == 0


def test_what_a_start_has_found_of_a_cut_record_stays_as_it_was_found() -> None:
    flash, known = written(20)
    step, ends, content = flash.steps[-1], set(), bytearray(flash.size)
    flash.read(0, content)
    for seed in range(60):
        chip = power_cuts.Marginal(bytes(content), random.Random(seed))
        on_their_way = {step.address + i: ~byte & 0xFF for i, byte in enumerate(step.data) if byte != 0xFF}
        last, bits = list(on_their_way.items())[-1]
        chip.unsure = on_their_way if seed % 2 else {last: bits & -bits}  # all that was to be programmed, or one bit of it
        journal = Journal(chip, 2)
        ends.add(journal.next_seq)
        before = [power_cuts.read_all(journal) for _ in range(9)]
        assert all(found == {seq: known[seq] for seq in range(1, journal.next_seq)} for found in before)
        assert journal.append(1, b"new") == journal.next_seq - 1
        journal.flush()
        after = power_cuts.read_all(journal)
        assert after == {**before[0], journal.next_seq - 1: b"\x01new"}
        assert all(power_cuts.read_all(Journal(chip, 3 + i)) == after for i in range(9))
    assert ends == {20, 21}  # once it was whole, once it was not
