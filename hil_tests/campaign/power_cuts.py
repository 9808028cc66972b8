"""Cut the power at every flash step of whole runs, from boot to pull, also in the recovery, with bits that read differently twice.

    python -m hil_tests.campaign.power_cuts [--runs N] [--first SEED]

A press on a bench (firmware/tests/bench_press.py) runs programs, trips, writes its flight recorder and is pulled until its chip
has wrapped; every program and erase of its flash is kept. Then each of them is cut: at a drawn byte, with or without garbage in
what was under way, and in every other case with bits there that are neither: each read draws them anew. The journal is mounted on
what is left, read, written on, cut again, and read again. Documents go through littlefs in the same way. Writes cuts, lost
(records that were committed when the power went and are not read back, bit for bit; documents that are neither the old nor the
new one) and false (records that nobody wrote); exit 1 if there is any.
"""

# mypy: disable-error-code="no-untyped-call"

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

for _room in ("firmware/tests", "firmware/tests/shim"):
    sys.path.append(str(Path(__file__).resolve().parents[2] / _room))

from stackpress_core.log import records  # noqa: E402
from stackpress_core.log.journal import Journal  # noqa: E402
from stackpress_core.tick import states  # noqa: E402
from stackpress_sim.nor_file import NorFile, PowerCut  # noqa: E402

from hil_tests.campaign import document_cuts, summary  # noqa: E402

SECTORS, QUEUE_BYTES, RING_BYTES = 5, 2048, 14 * 96
ROUNDS = 3  # of a run in one trace
CUTS_A_STEP = 4
ALL = 1 << 30
MORE = 12  # records after a cut
DOCUMENT_CUTS = 6000
Known = dict[int, bytes]


@dataclass
class Step:
    """One program or erase: what it does, and what was committed before it."""

    address: int
    data: bytes  # none: an erase
    durable: int  # records before this number are committed
    known: int  # and records before this one have been queued


class Traced(NorFile):
    """A chip that keeps what is done to it."""

    def __init__(self, size: int) -> None:
        super().__init__(None, size)
        self.steps: list[Step] = []
        self.stand: Callable[[], tuple[int, int]] = lambda: (1, ALL)

    def program(self, addr: int, buf: Any) -> None:
        self.steps.append(Step(addr, bytes(buf), *self.stand()))
        super().program(addr, buf)

    def erase(self, addr: int) -> None:
        self.steps.append(Step(addr, b"", *self.stand()))
        super().erase(addr)


class Marginal(NorFile):
    """A chip whose power went in a step: bits that were on their way read as they like until they are written or erased again."""

    def __init__(self, content: bytes, chance: random.Random) -> None:
        super().__init__(None, len(content))
        self._write(0, content)
        self.chance = chance
        self.unsure: dict[int, int] = {}  # address: bits

    def read(self, addr: int, buf: Any) -> None:
        super().read(addr, buf)
        if self.unsure:
            for at in self.unsure.keys() & range(addr, addr + len(buf)):
                buf[at - addr] ^= self.unsure[at] & self.chance.randrange(256)

    def program(self, addr: int, buf: Any) -> None:
        """A bit that is neither is 0 where 0 is written and stays what it is elsewhere."""
        held = {at: self.unsure.pop(at) for at in self.unsure.keys() & range(addr, addr + len(buf))}
        try:
            for at in held:  # a chip programs what it is told, whatever reads there
                old = bytearray(1)
                super().read(at, old)
                self._write(at, bytes([old[0] | held[at]]))
            super().program(addr, buf)
        finally:
            for at, bits in held.items():
                left = bits & buf[at - addr]
                if left:
                    self.unsure[at] = left

    def erase(self, addr: int) -> None:
        for at in self.unsure.keys() & range(addr, addr + self.SECTOR):
            del self.unsure[at]
        super().erase(addr)


@dataclass
class Counts:
    """What was found."""

    cuts: int = 0
    lost: int = 0
    false: int = 0
    told: list[str] = field(default_factory=list)

    def wrong(self, what: str, lost: int, false: int) -> None:
        self.lost, self.false = self.lost + lost, self.false + false
        if (lost or false) and len(self.told) < 20:
            self.told.append(what)
            print(what, flush=True)


def traced(seed: int, sectors: int = SECTORS) -> tuple[list[Step], Known]:
    """The steps of whole runs, and every record by number: kind and payload."""
    bench_press = import_module("bench_press")  # the press of the core's own tests
    known: Known = {}
    chance, flash = random.Random(f"trace {seed}"), Traced(sectors * 4096)
    board = bench_press.MemoryBoard(flash=flash)
    board.ring = bytearray(RING_BYTES)
    steps: list[Any] = [bench_press.CONTACT, bench_press.ramp(chance.randint(60000, 900000)), bench_press.hold(1500)]
    for boot in range(ROUNDS):
        before = flash.stand()[0]
        flash.stand = lambda durable=before: (durable, ALL)  # type: ignore[misc]
        press = _keeps(bench_press.PressBench(board, stored=boot == 0), known)
        flash.stand = lambda journal=press.press.journal: (journal.durable_next, journal.next_seq)  # type: ignore[misc]
        press.started(*steps, bench_press.VENT, sample=f"S{boot}")
        press.run(chance.uniform(0.5, 4))
        if chance.random() < 0.7:
            press.inputs &= ~states.IN_GUARD
            press.run(0.5)
            press.inputs |= states.IN_GUARD
            press.run(0.1)
            press.press.operator.reset()
        elif press.press.runner.active:
            press.press.operator.stop("vent")
        press.run(1.0)
        press.press.journal.mark_pulled(press.press.journal.durable_next - chance.randint(1, 30))
        press.press.journal.flush()
    return flash.steps, known


def _keeps(press: Any, known: Known) -> Any:
    """Every record that is queued from now on, and those of the start, which are still in the queue or on the chip."""
    journal = press.press.journal
    append = journal.append
    known |= read_all(journal)

    def kept(kind: int, payload: Any) -> Any:
        seq = append(kind, payload)
        if seq > 0:
            known[seq] = bytes([kind]) + bytes(payload)
        return seq

    view, at = journal._queue, journal._out
    while at < journal._in:
        size = view[at + 1] + records.OVERHEAD_BYTES
        seq = int.from_bytes(view[at + 6 : at + 10], "little")
        known[seq] = bytes([view[at]]) + bytes(view[at + records.HEAD_BYTES : at + size - records.CRC_BYTES])
        at += size
    journal.append = kept
    return press


def read_all(journal: Journal) -> Known:
    """Every record that a journal gives: kind and payload by number."""
    whole = import_module("journal_reader").read_all(journal)
    return {seq: record[:1] + record[records.HEAD_BYTES : -records.CRC_BYTES] for seq, record in whole.items()}


def torn(image: bytearray, step: Step, chance: random.Random, marginal: bool) -> Marginal:
    """The chip after a step that was cut."""
    chip = Marginal(bytes(image), chance)
    size = len(step.data) or chip.SECTOR
    chip.cut_after, chip.garbage = chance.randrange(size), chance.choice((None, chance.randrange(256)))
    before = bytes(image[step.address : step.address + size])
    with suppress(PowerCut):
        chip.program(step.address, step.data) if step.data else chip.erase(step.address)
    chip.cut_after, chip.garbage = -1, None
    if marginal:
        wanted = step.data or b"\xff" * size
        reached = bytearray(size)
        NorFile.read(chip, step.address, reached)
        unsure = {
            step.address + i: before[i] ^ wanted[i]
            for i in range(size)
            if reached[i] != wanted[i] and before[i] != wanted[i]
        }
        few = chance.choice((1, 8, len(unsure)))
        chip.unsure = dict(chance.sample(sorted(unsure.items()), min(few, len(unsure))))
    return chip


def checked(chip: NorFile, boot: int, known: Known, durable: int, counts: Counts, what: str) -> Journal | None:
    """Mount and read: what was committed is there, and nothing else than what was written."""
    counts.cuts += 1
    try:
        journal = Journal(chip, boot, QUEUE_BYTES)
        first = journal.first_seq
        got = read_all(journal)
    except Exception as error:
        counts.wrong(f"{what}: {type(error).__name__}: {error}", 1, 0)
        return None
    lost = [seq for seq in range(first, durable) if seq in known and seq not in got]
    false = [seq for seq, kept in got.items() if known.get(seq) != kept]
    counts.wrong(
        f"{what}: lost {lost[:5]}, false {false[:5]} (from {first}, committed before {durable})", len(lost), len(false)
    )
    return journal


def again(chip: Marginal, journal: Journal, known: Known, counts: Counts, what: str, chance: random.Random) -> None:
    """Write on what a cut has left, cut that as well, and read once more."""
    known, start = dict(known), journal.next_seq
    for seq in [seq for seq in known if seq >= start]:
        del known[seq]
    chip.cut_after, chip.garbage = chance.randrange(6000), chance.choice((None, chance.randrange(256)))
    durable = journal.durable_next
    try:
        for _ in range(MORE):
            payload = bytes([chance.randrange(256)]) * chance.randrange(200)
            seq = journal.append(1, payload)
            if seq > 0:
                known[seq] = b"\x01" + payload
            journal.service(4)
            durable = journal.durable_next
        journal.flush()
    except PowerCut:
        pass
    durable = max(durable, journal.durable_next)
    chip.cut_after, chip.garbage = -1, None
    checked(chip, journal.boot_id + 1, known, durable, counts, f"{what}, then in the recovery")


def cut_all(
    steps: list[Step], known: Known, seed: int, counts: Counts, a_step: int = CUTS_A_STEP, size: int = SECTORS * 4096
) -> None:
    """Each step, so many times."""
    chance, image = random.Random(f"cuts {seed}"), bytearray(b"\xff" * size)
    for number, step in enumerate(steps):
        mine = {seq: kept for seq, kept in known.items() if seq < step.known}
        for turn in range(a_step):
            marginal = turn % 2 == 1
            how = f"{'program' if step.data else 'erase'}, {'marginal' if marginal else 'torn'}"
            what = f"trace {seed}, step {number} of {len(steps)} ({how})"
            chip = torn(image, step, chance, marginal)
            journal = checked(chip, 99, mine, step.durable, counts, what)
            if journal:
                again(chip, journal, mine, counts, what, chance)
        if step.data:
            for i, byte in enumerate(step.data):
                image[step.address + i] &= byte
        else:
            image[step.address : step.address + 4096] = b"\xff" * 4096


def run(cuts: int, first: int) -> Iterator[Counts]:
    """Trace after trace, until there were so many."""
    counts, seed = Counts(), first
    while counts.cuts < cuts:
        steps, known = traced(seed)
        cut_all(steps, known, seed, counts)
        seed += 1
        yield counts


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="power_cuts", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=50000, help="cuts at least")
    parser.add_argument("--first", type=int, default=0, help="number of the first trace")
    chosen = parser.parse_args(arguments)
    documents = document_cuts.run(min(DOCUMENT_CUTS, chosen.runs // 4), chosen.first)
    counts = Counts()
    for counts in run(chosen.runs - documents["cuts"], chosen.first):
        print(f"{counts.cuts + documents['cuts']} cuts, {counts.lost} lost, {counts.false} false", flush=True)
    figures: dict[str, summary.Figure] = {
        "cuts": counts.cuts + documents["cuts"], "lost": counts.lost + documents["lost"], "false": counts.false,
        "cuts_of_documents": documents["cuts"],
    }  # fmt: skip
    out = summary.SUMMARY.with_name("power_cuts.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"figures": figures, "wrong": counts.told}, indent=1) + "\n")
    summary.write(figures)
    return int(bool(figures["lost"] or figures["false"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
