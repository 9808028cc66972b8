"""Garbage through everything that reads bytes: a mutating fuzzer that keeps what reaches new lines of the parsers.

    python -m hil_tests.campaign.garbage [--runs BYTES] [--first SEED] [--only NAME,...]

The parsers are those of the wire (SCPI server with its inbox), of documents (JSON text, then the rules of each kind), of records (a
journal mounted on a chip, and its reader) and of raw files (the host's decoder). An input is made of a kept one: bytes turned over,
cut out, doubled, put in from another or from the parser's own words. Every so often one runs with its lines traced; what comes to a
line that none came to is kept. Writes garbage_bytes, crashes (what escapes a parser, or is an error of the press's own) and hangs
(longer than ten seconds); exit 1 if there is any. build/campaign/garbage has the inputs.
"""

# mypy: disable-error-code="no-untyped-call"

import argparse
import gc
import json
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

for _room in ("firmware/tests", "firmware/tests/shim"):
    sys.path.append(str(Path(__file__).resolve().parents[2] / _room))

from stackpress.errors import PressError  # noqa: E402
from stackpress.logs.decode import decode  # noqa: E402
from stackpress_core.documents import Documents  # noqa: E402
from stackpress_core.errors import Refused, ScpiError  # noqa: E402
from stackpress_core.log.journal import Journal  # noqa: E402
from stackpress_core.scpi import commands  # noqa: E402
from stackpress_sim.nor_file import NorFile  # noqa: E402

from hil_tests.campaign import summary  # noqa: E402

FOUND = summary.SUMMARY.with_name("garbage")
HANG_S = 10
TRACED = 40  # one input in so many
KEPT = 400
FRESH = 1000  # inputs of one press
CODE = ("stackpress_core", "stackpress/logs")


class Hangs(Exception):
    """It takes longer than any input may."""


@dataclass(frozen=True)
class Parser:
    """What reads bytes: `reads` raises what is a crash; the first inputs, the words that are put in, bytes of an input at most."""

    name: str
    share: float  # of all bytes
    longest: int
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...]
    reads: Callable[[bytes], None]


def wire() -> Parser:
    """The line of a whole press on a bench, at rest or with a cell that it holds; what comes may move it."""
    bench_press = import_module("bench_press")
    rows = [
        row[0].replace("<n>", "1").replace("[", "").replace("]", "").encode()
        for row in commands.rows_of(commands.MODULES)
    ]
    words = (
        *rows,
        b"*IDN?",
        b"?",
        b";",
        b":",
        b"\n",
        b'"',
        b"'",
        b"#3",
        b"#15",
        b",",
        b" ",
        b"\x18",
        b"\x03",
        b"MAX",
        b"1e99",
        b"(@1)",
    )
    made: list[Any] = []
    used = [0]
    for name in ("mem_free", "mem_alloc"):  # what a board is asked for, and CPython has not
        if not hasattr(gc, name):
            setattr(gc, name, int)

    def reads(data: bytes) -> None:
        if not made or used[0] % FRESH == 0:
            press = bench_press.PressBench()
            made[:] = [press.pressed(300000) if used[0] % (2 * FRESH) else press]
        used[0] += 1
        press = made[0]
        serial, server = press.board.serial, press.press.server
        serial.most = 4096
        serial.sent += data
        press.run_passes(2)
        for _ in range(20 + len(data)):
            if not serial.sent:
                break
            server.poll(4096)
        serial.sent, serial.got = b"", b""
        own = [error for error in press.errors() if -330 <= error[0] <= -300]
        server.status.errors.queue.clear()
        if own:
            made.clear()
            raise AssertionError(f"an error of the press's own: {own[0]}")

    return Parser("wire", 0.02, 400, tuple(row + b" 1\n" for row in rows), words, reads)


def documents() -> Parser:
    """Each kind's text, judged as a press judges it."""
    bench_press = import_module("bench_press")
    press = bench_press.PressBench()
    kept: Documents = press.press.documents
    names = ("config", "ceilings", "calibration", "zero", "program/pellet", "plant")
    program = bench_press.recipe(
        bench_press.CONTACT, bench_press.ramp(500000), bench_press.hold(1000), bench_press.VENT
    )
    found = [json.dumps(document).encode() for document in bench_press.documents().values()] + [
        json.dumps(program).encode()
    ]
    words = (
        b'"format":1',
        b"null",
        b"true",
        b"1e400",
        b"[]",
        b"{}",
        b'"',
        b",",
        b":",
        b"-1",
        b"9" * 40,
        b'"do"',
        b'"hold"',
        b"\\u0000",
    )

    def reads(data: bytes) -> None:
        for name in (names[len(data) % len(names)], "program/pellet"):
            try:
                kept.judged(name, data)
            except (Refused, ScpiError):
                continue

    return Parser("documents", 0.03, 2000, tuple(found), words, reads)


def _records() -> tuple[bytes, bytes]:
    """A chip and a file as a press writes them."""
    bench_press = import_module("bench_press")
    flash = NorFile(None, 8 * 4096)
    press = bench_press.PressBench(bench_press.MemoryBoard(flash=flash))
    press.pressed(300000)
    press.press.journal.flush()
    chip = bytearray(flash.size)
    flash.read(0, chip)
    stream, seq, buf = b"", 0, bytearray(4096)
    while True:
        n, seq = press.press.journal.read_from(seq, buf)
        if n == 0:
            return bytes(chip), stream
        stream += bytes(buf[:n])


def journal(chip: bytes) -> Parser:
    """A chip that is mounted, read, and written on."""

    def reads(data: bytes) -> None:
        flash = NorFile(None, 8 * 4096)
        flash._write(0, data[: flash.size])
        mounted = Journal(flash, 7, 1024)
        buf, seq, turns = bytearray(1024), 0, 0
        while True:
            n, seq = mounted.read_from(seq, buf)
            turns += 1
            if n == 0 or turns > 4096:
                break
        if turns > 4096:
            raise Hangs("a chip of 32 kB is never read to its end")
        mounted.append(1, b"after")
        mounted.flush()

    return Parser("records", 0.15, 8 * 4096, (chip,), (b"SPJ1", b"\xff" * 8, b"\0" * 8, chip[:28]), reads)


def raw_files(stream: bytes) -> Parser:
    """What a host has pulled, and a disk has kept badly."""

    def reads(data: bytes) -> None:
        try:
            found = decode(data)
        except PressError:
            return
        if found.good_end > len(data):
            raise AssertionError(f"{found.good_end} good bytes of {len(data)}")

    return Parser(
        "raw files", 0.80, 1 << 16, (stream * 6, stream), (b"\xff" * 8, b"\0" * 8, stream[:120], stream[60:300]), reads
    )


def parsers() -> list[Parser]:
    chip, stream = _records()
    return [wire(), documents(), journal(chip), raw_files(stream)]


@dataclass
class Fuzzer:
    """One parser, its kept inputs and the lines that they came to."""

    parser: Parser
    chance: random.Random
    kept: list[bytes] = field(default_factory=list)
    lines: set[tuple[str, int]] = field(default_factory=set)
    total: int = 0
    inputs: int = 0
    crashes: int = 0
    hangs: int = 0

    def mutated(self) -> bytes:
        chance, data = self.chance, bytearray(self.chance.choice(self.kept))
        for _ in range(1 + int(chance.expovariate(0.5))):
            at = chance.randrange(len(data) + 1)
            turn = chance.randrange(6)
            if turn == 0 and data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            elif turn == 1 and data:
                data[at % len(data)] = chance.randrange(256)
            elif turn == 2:
                del data[at : at + chance.choice((1, 4, 30))]
            elif turn == 3:
                data[at:at] = data[at : at + chance.choice((1, 16, 200))]
            elif turn == 4:
                data[at:at] = chance.choice(self.parser.words)
            else:
                other = chance.choice(self.kept)
                begin = chance.randrange(len(other) + 1)
                data[at:at] = other[begin : begin + chance.choice((8, 60, 300))]
        return bytes(data[: self.parser.longest])

    def traced(self, data: bytes) -> bool:
        """Read it with its lines seen; whether it came to a new one."""
        before = len(self.lines)

        def called(frame: FrameType, event: str, arg: Any) -> Any:
            return lined if any(part in frame.f_code.co_filename for part in CODE) else None

        def lined(frame: FrameType, event: str, arg: Any) -> Any:
            self.lines.add((frame.f_code.co_filename, frame.f_lineno))
            return lined

        sys.settrace(called)
        try:
            self.parser.reads(data)
        finally:
            sys.settrace(None)
        return len(self.lines) > before

    def one(self, data: bytes, trace: bool) -> None:
        self.inputs, self.total = self.inputs + 1, self.total + len(data)
        try:
            with limited(HANG_S):
                if not trace:
                    self.parser.reads(data)
                elif self.traced(data) and len(self.kept) < KEPT:
                    self.kept.append(data)
        except Hangs as error:
            self.hangs += 1
            self._note(data, error)
        except Exception as error:
            self.crashes += 1
            self._note(data, error)

    def _note(self, data: bytes, error: Exception) -> None:
        FOUND.mkdir(parents=True, exist_ok=True)
        file = FOUND / f"{self.parser.name.replace(' ', '_')}_{self.crashes + self.hangs}"
        file.write_bytes(data)
        print(f"{self.parser.name}: {type(error).__name__}: {str(error)[:200]} ({file.name})", flush=True)

    def run(self, most: int) -> None:
        """So many bytes."""
        for data in self.parser.seeds:
            self.kept.append(data)
            self.one(data, True)
        while self.total < most:
            self.one(self.mutated(), self.inputs % TRACED == 0)


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    def over(number: int, frame: FrameType | None) -> None:
        raise Hangs(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="garbage", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=float, default=1e8, help="bytes")
    parser.add_argument("--first", type=int, default=0, help="seed")
    parser.add_argument("--only", default="", help="these parsers")
    chosen = parser.parse_args(arguments)
    only = [name for name in chosen.only.split(",") if name]
    rows: list[dict[str, Any]] = []
    for one in parsers():
        if only and one.name not in only:
            continue
        began = time.monotonic()
        fuzzer = Fuzzer(one, random.Random(f"{one.name} {chosen.first}"))
        fuzzer.run(int(chosen.runs * one.share) + 1)
        row: dict[str, Any] = {
            "parser": one.name,
            "bytes": fuzzer.total,
            "inputs": fuzzer.inputs,
            "lines": len(fuzzer.lines),
        }
        row |= {"kept": len(fuzzer.kept), "crashes": fuzzer.crashes, "hangs": fuzzer.hangs}
        row["seconds"] = round(time.monotonic() - began)
        rows.append(row)
        print(row, flush=True)
    figures: dict[str, summary.Figure] = {
        "garbage_bytes": sum(row["bytes"] for row in rows),
        "crashes": sum(row["crashes"] for row in rows),
        "hangs": sum(row["hangs"] for row in rows),
    }
    out = summary.SUMMARY.with_name("garbage.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"figures": figures, "table": rows}, indent=1) + "\n")
    print(figures) if only else summary.write(figures)
    return int(bool(figures["crashes"] or figures["hangs"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
