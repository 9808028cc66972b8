"""Made-up logs, encoded as a press encodes them: for the benchmark, for tests, and to see a plot without a press.

The forces follow a plausible course, but they are drawn, not simulated: nothing here is evidence of anything but speed
and form.
"""

import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from stackpress_core.log import packing, records
from stackpress_core.tick import interlock, states

from stackpress.answers import LogState, PressTime
from stackpress.logs.decode import SAMPLE_BYTES, SAMPLE_DTYPE, Samples, whole_record

AREA_UM2 = 132_732_000  # 13 mm die
FULL_CN = 4_911_084  # 370 MPa on it
HOLD_CN = 66_366  # 5 MPa on it
FORCE_DROP = interlock.NAMES.index("force_drop")
STEPS = (  # kind, seconds, target at its end, sample period in s
    ("contact", 20.0, 5_000, 0.2),
    ("ramp", 37.0, FULL_CN, 0.05),
    ("hold", 120.0, FULL_CN, 1.0),
    ("ramp", 60.0, HOLD_CN, 0.05),
    ("hold", 363.0, HOLD_CN, 2.0),
)


PRESSING = states.VALVE_FILL | states.VALVE_DUMP_CLOSED | states.VALVE_PERMISSIVE


def payload_of(kind: int, *values: Any) -> bytes:
    """A payload of these values, and of nothing in the fields behind them."""
    codes = [field[1] for field in records.KINDS[kind][1][len(values) :]]
    nothing = ["" if code[-1] == "s" else 0 if len(code) == 1 else [0] * int(code[:-1]) for code in codes]
    return bytes(packing.pack(kind, [*values, *nothing]))


def encoded(kind: int, boot: int, seq: int, payload: bytes) -> bytes:
    """A record as it lies in the journal."""
    body = struct.pack(records.HEAD, kind, len(payload), boot, seq) + payload
    return body + struct.pack("<I", zlib.crc32(body))


def sealed(samples: Samples) -> bytes:
    """Samples as they lie in the journal: their heads and CRCs filled in."""
    samples["kind"], samples["length"] = records.SAMPLE, packing.SIZES[records.SAMPLE]
    raw = memoryview(bytearray(samples.tobytes()))
    for at in range(0, len(raw), SAMPLE_BYTES):
        struct.pack_into("<I", raw, at + SAMPLE_BYTES - 4, zlib.crc32(raw[at : at + SAMPLE_BYTES - 4]))
    return bytes(raw)


def course(seed: int = 1, times: int = 1) -> Samples:
    """The samples of the program STEPS, `times` as dense; seq is left 0."""
    dice = np.random.default_rng(seed)
    parts: list[Samples] = []
    begin_s, before_cn = 0.0, 0.0
    for number, (_, seconds, target, period) in enumerate(STEPS, 1):
        n = max(2, int(seconds / period * times))
        t = np.arange(1, n + 1) * (seconds / n)  # a row ends where its ticks do
        shape = np.clip(t / (0.9 * seconds), 0, 1) if target != before_cn else np.ones(n)
        part = np.zeros(n, SAMPLE_DTYPE)
        part["step"], part["set_cn"] = number, before_cn + (target - before_cn) * shape
        part["t_s"], part["t_ms"] = (begin_s + t).astype(int), np.round((begin_s + t) % 1 * 999)
        part["state"] = (
            states.HOLDING if part["set_cn"][0] == target else states.PRESSING if target > before_cn else states.RELEASING
        )
        lag = dice.normal(0, 8, n) - 0.002 * np.gradient(part["set_cn"].astype(float))
        part["force_mean_cn"] = part["set_cn"] + lag
        part["ticks"] = int(4000 * seconds / n)
        parts.append(part)
        begin_s, before_cn = begin_s + seconds, target
    return _dressed(np.concatenate(parts), dice)


def _dressed(samples: Samples, dice: np.random.Generator) -> Samples:
    """Everything that follows from the force: cells, travel, valve, temperatures."""
    force, n = samples["force_mean_cn"].astype(float), len(samples)
    width = 20 + np.abs(dice.normal(0, 6, n))
    samples["force_min_cn"], samples["force_max_cn"] = force - width, force + width
    for k, share in enumerate((0.335, 0.345, 0.32)):
        samples["cell_cn"][:, k] = force * share + dice.normal(0, 10, n)
    samples["cell_cn"][:, 3] = np.where(force < 190_000, force + dice.normal(0, 3, n), 200_000)
    samples["flags"] = np.where(force < 190_000, records.FLAG_LOW_RANGE, 0)
    samples["flags"] |= np.where(samples["state"] == states.HOLDING, 0, records.FLAG_DENSE).astype(np.uint8)
    samples["imbalance_permille"] = 37 + dice.normal(0, 1.5, n)
    peak = np.maximum.accumulate(force)
    samples["displacement_nm"] = 2.1e6 * (1 - np.exp(-peak / 1.1e6)) + 0.05 * force
    samples["temp_cc"][:, 0] = 2480 + 15 * np.sin(np.arange(n) / n * 5)
    samples["temp_cc"][:, 1] = records.ABSENT_I16
    samples["valve_code"], samples["valve_bits"] = np.clip(force / 5.6e6 * 65535, 0, 65535), PRESSING
    samples["moves"] = np.arange(n) // 7
    return samples


@dataclass
class SyntheticPress:
    """A press's journal in memory, as a press gives it: grows by `add`, gives records in pieces of `piece` bytes."""

    identity: str = "synthetic-0001"
    boot: int = 3
    origin: int = 1
    piece: int = 4096
    data: list[bytes] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)
    pulled: list[int] = field(default_factory=list)
    next_seq: int = 1

    def add(self, kind: int, *values: Any) -> int:
        """Append a record of these values; gives its number."""
        return self.append(kind, payload_of(kind, *values))

    def append(self, kind: int, payload: bytes) -> int:
        """Append a record whatever it holds; gives its number."""
        self.data.append(encoded(kind, self.boot, self.next_seq, payload))
        self.seqs.append(self.next_seq)
        self.next_seq += 1
        return self.next_seq - 1

    def add_samples(self, samples: Samples) -> None:
        """Append samples, numbered on."""
        part = samples.copy()
        part["boot"], part["seq"] = self.boot, np.arange(self.next_seq, self.next_seq + len(part))
        raw = sealed(part)
        self.data += [raw[at : at + SAMPLE_BYTES] for at in range(0, len(raw), SAMPLE_BYTES)]
        self.seqs += part["seq"].tolist()
        self.next_seq += len(part)

    def lose(self, first: int, last: int) -> None:
        """Records that are gone from the ring: their numbers will be missing."""
        kept = [(s, d) for s, d in zip(self.seqs, self.data, strict=True) if not first <= s <= last]
        self.seqs, self.data = [s for s, _ in kept], [d for _, d in kept]

    # what a pull asks of a press

    def log_state(self) -> LogState:
        """The journal's state."""
        first = self.seqs[0] if self.seqs else self.next_seq
        return LogState(first, self.next_seq, self.pulled[-1] if self.pulled else 0, 0, 0, self.origin)

    def log_read(self, seq: int) -> bytes:
        """Whole records from `seq` on, about `piece` bytes of them."""
        out, at = bytearray(), int(np.searchsorted(np.array(self.seqs), seq))
        while at < len(self.data) and (not out or len(out) + len(self.data[at]) <= self.piece):
            out += self.data[at]
            at += 1
        return bytes(out)

    def log_pulled(self, seq: int) -> None:
        """The host has them; a real press writes that down as a record too."""
        self.pulled.append(seq)
        self.add(records.PULLED, seq)

    def time(self) -> PressTime:
        """The first run's end."""
        return PressTime(self.boot, 600.0)


def pellet_run(press: SyntheticPress, trip: bool = False, times: int = 1) -> SyntheticPress:
    """Add the run of a pellet: header, steps with their samples, events, perhaps a trip with its flight window, end."""
    unhurt, r = bytes(range(8)), records
    press.add(r.BOOT, 0, 5, press.boot, 0, 4000, unhurt, unhurt, "0.1.0", "sim", press.identity)
    press.add(r.RUN, 0, 0, 1, AREA_UM2, 4000, 0, 4, unhurt, unhurt[::-1], unhurt, unhurt, [3, -5, 2, 0], "0.1.0",
              "li6ps5cl_pellet", "Li6PS5Cl 200 mg", "A. Researcher")  # fmt: skip
    samples = course(times=times)
    samples["run"] = 1
    end = 0, 0
    for number, (kind, _, target, _) in enumerate(STEPS, 1):
        part = samples[samples["step"] == number]
        at = end
        force, travel = int(part["force_mean_cn"][0]), int(part["displacement_nm"][0])
        press.add(r.STEP, *at, 1, number, number, 0, r.STEP_BEGINS, target, force, travel, kind, "")
        press.add(r.EVENT, *at, r.EVENT_STATE, 1, states.PRESSING, int(part["state"][0]), "")
        press.add_samples(part)
        end = int(part["t_s"][-1]), int(part["t_ms"][-1])
        force, travel = int(part["force_mean_cn"][-1]), int(part["displacement_nm"][-1])
        press.add(r.STEP, *end, 1, number, number, 0, r.STEP_ENDS, target, force, travel, kind, "reached")
        if number == 3:
            press.add(r.EVENT, *end, r.EVENT_RANGE, 1, 0, 0, "")
    if trip:
        _trip(press, end)
    outcome = r.RUN_TRIPPED if trip else r.RUN_DONE
    press.add(r.RUN_END, 600, 0, 1, outcome, [9, -2, 6, 1], FULL_CN, 412, 2_400_000, 0)
    if trip:
        _window(press, end)  # written after the run's end, as the queue has room
    return press


def _trip(press: SyntheticPress, at: tuple[int, int]) -> None:
    cells, vent = [HOLD_CN // 3] * 3 + [HOLD_CN], records.REACTIONS.index("vent")
    press.add(records.TRIP, *at, 1, 1, 5, states.HOLDING, FORCE_DROP, vent, 4095, HOLD_CN, HOLD_CN, cells, 30,
              2_100_000, 900, "force_drop")  # fmt: skip


def _window(press: SyntheticPress, at: tuple[int, int]) -> None:
    r = records
    for first in range(-4000, 2000, r.FLIGHT_SLICE):
        ticks = range(first, min(first + r.FLIGHT_SLICE, 2000))
        entries = [(HOLD_CN if k < 0 else HOLD_CN // 3, HOLD_CN | 3 << 24, 900, 900 if k < 0 else 0, 0) for k in ticks]
        packed = b"".join(struct.pack(r.FLIGHT_ENTRY, *e) for e in entries)
        press.add(r.FLIGHT, *at, 1, 4000, first, packed)


def _note(t_s: int, number: int, text: str) -> bytes:
    return payload_of(records.EVENT, t_s, 0, records.EVENT_REFUSED, 1, number, 0, text)


def stream(count: int, every: int = 500, seed: int = 1) -> bytes:
    """`count` samples with a step or an event after each `every`, as one journal stream: what a pull leaves."""
    samples = np.resize(course(seed, 1 + count // 2300), count)
    index = np.arange(count)
    samples["seq"], samples["boot"], samples["run"] = index + index // every + 2, 3, 1
    samples["t_s"], samples["t_ms"] = index // 20, index % 20 * 50
    raw = memoryview(sealed(samples))
    out = bytearray(encoded(records.EVENT, 3, 1, _note(0, 0, "begin")))
    for at in range(0, count, every):
        out += raw[at * SAMPLE_BYTES : min(at + every, count) * SAMPLE_BYTES]
        if at + every < count:
            out += encoded(records.EVENT, 3, at // every + at + every + 2, _note(at // 20, at, "a note"))
    assert whole_record(memoryview(out), 0)
    return bytes(out)
