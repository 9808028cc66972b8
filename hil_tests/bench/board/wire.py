"""What is measured at the port: how fast the log comes, how long a question waits, what a burst loses, when a stop acts."""

import base64
import json
import zlib
from collections.abc import Callable
from typing import Any

from hil_tests.bench.board.host import READ
from hil_tests.bench.board.journal import written
from hil_tests.bench.board.measures import middle, pressing, settle, to_pin, worst
from hil_tests.bench.board.rig import Rig, forked

Result = dict[str, Any]
Say = Callable[[str], None]
MOST_ROWS, ROWS_HZ = 64, 10
QUERY, ROWS = "MEAS:FORC?", f"TEL? 0,{MOST_ROWS}"
DOCUMENT_BYTES, PIECE = 8000, 192
STEP_BYTES, STEPS_MOST = 118, 64
BURST = 1000
AS_THEY_ARE = b"\x7f\x1f\n"


def pull_kb_per_s(rig: Rig, seconds: float) -> float:
    """One client downloads and does nothing else."""
    rig.chip.send(AS_THEY_ARE)
    rig.run(0.05)
    before = rig.host.pulled_bytes
    rig.host.load(1, (READ,))
    rig.run(seconds)
    rig.host.load(0)
    settle(rig)
    return (rig.host.pulled_bytes - before) / 1000 / seconds


def asked(rig: Rig, question: str, times: int) -> list[float]:
    """Milliseconds from the question to the whole answer, sorted; nothing else is asked meanwhile."""
    rig.host.answered_ms.clear()
    for n in range(times):
        rig.host.ask(question)
        rig.run(0.0002 + n % 7 * 0.00031)
    return sorted(rig.host.answered_ms[question.split(" ")[0]])


def wire(say: Say, seconds: float = 1.0, times: int = 300) -> Result:
    rig = pressing()
    assert rig.heap is not None
    rig.run(0.5)
    questions = asked(rig, QUERY, times)
    say(f"{QUERY}: {middle(questions):.1f} ms, worst {worst(questions):.1f}")
    pulled = pull_kb_per_s(rig, seconds)
    while (there := int(rig.host.ask(ROWS).split(b",")[3])) < MOST_ROWS:
        rig.run((MOST_ROWS - there) / ROWS_HZ)
    rows = asked(rig, ROWS, max(4, times // 5))
    say(f"{there} rows: {middle(rows):.1f} ms, worst {worst(rows):.1f}")
    rig.need_pressing()
    say(f"pull while pressing: {pulled:.1f} kB/s")
    return {"query_ms_p50": middle(questions), "query_ms_max": worst(questions), "telemetry_ms_p50": middle(rows),
            "pull_kb_per_s": pulled}  # fmt: skip


def program_of(size: int) -> bytes:
    """The document of a program that is right, of nearly `size` bytes."""
    ramp = {"do": "ramp", "to_cn": 100000, "rate_cn_per_s": 10000, "note": "n" * 60}
    program = {"format": 1, "name": "long", "about": "a" * 200, "steps": [ramp] * min(STEPS_MOST, (size - 250) // STEP_BYTES)}
    return json.dumps(program, separators=(",", ":")).encode()


def at_rest(say: Say, seconds: float = 1.0, size: int = DOCUMENT_BYTES) -> Result:
    rig = Rig(journal=written()).boot()
    rig.run(0.5)
    text = program_of(size)
    began = rig.now_ns
    rig.host.do(f'DATA:BEG "program/long",{len(text)},{zlib.crc32(text)}')
    for at in range(0, len(text), PIECE):
        rig.host.do(f'DATA:PUT {at},"{base64.b64encode(text[at : at + PIECE]).decode()}"')
    rig.host.do("DATA:COMM")
    document_s = (rig.now_ns - began) / 1e9
    say(f"a document of {len(text)} bytes: {document_s:.2f} s")
    pulled = pull_kb_per_s(rig, seconds)
    if rig.told() != "safe ":
        raise RuntimeError(f"the press is not at rest: {rig.told()}")
    say(f"pull in the safe state: {pulled:.1f} kB/s")
    return {"document_s": document_s, "pull_safe_kb_per_s": pulled}


def burst(say: Say, count: int = BURST) -> Result:
    """`count` commands and as many questions at once, by a host that reads; then a STOP behind as many."""
    rig = pressing()
    came = bytearray()
    rig.chip.on_bytes = came.extend

    def lost(lines: list[bytes], answers: list[bytes]) -> float:
        came.clear()
        rig.chip.send(b"".join(lines) + b"*ESE?\n")
        end = rig.now_ns + 10e9
        while came.count(b"\n") <= len(answers) and rig.now_ns < end:
            rig.run(0.01)
        return float(len(answers) + 1 - came.count(b"\n")) + (came.splitlines()[-1:] != [b"%d" % ((count - 1) % 256)])

    commands = [b"*ESE %d\n" % (n % 256) for n in range(count)]
    missing = lost(commands, []) + lost([b"MEAS:FORC?\n"] * count, [b""] * count)
    say(f"lost {missing:.0f} of {count} commands and {count} questions")

    def stopped(lines: bytes) -> float:
        return forked(lambda: to_pin(rig, "dump", lambda: rig.chip.send(lines + b"STOP VENT\n"), 10.0)) / 1000

    behind = {"questions": stopped(b"MEAS:FORC?\n" * count), "commands": stopped(b"".join(commands))}
    stop_ms = worst(list(behind.values()))
    break_ms = forked(lambda: to_pin(rig, "dump", lambda: broken(rig, count), 10.0)) / 1000
    told = ", ".join(f"{ms:.0f} ms behind {count} {name}" for name, ms in behind.items())
    say(f"STOP {told}; a break instead: {break_ms:.2f} ms")
    return {"burst_lost": missing, "stop_behind_1000_ms": stop_ms, "break_stop_ms": break_ms}


def broken(rig: Rig, count: int) -> None:
    rig.chip.send(b"MEAS:FORC?\n" * count)
    rig.run(0.005)
    rig.chip.send_break()
