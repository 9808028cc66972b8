"""Hold a breathing cell at 5 MPa for thirty days at 4 kHz, pull its log each night, and pull the cable when it hurts.

    python -m hil_tests.campaign.hold_30d [--days N] [--first SEED]

The journal's chip holds six days, so it wraps; the zero of each cell drifts and goes with the room's temperature. A cable that
is pulled ends an answer in its middle; the pull is tried again minutes later. Writes `missing` (records that the host has not, of
all that the press ever numbered), `hold_30d_total_pct` (worst of true force against set-point, % of it, from a minute after the
release on) and what else was counted; exit 1 if a goal is missed.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import stackpress
from stackpress.errors import LinkLost
from stackpress.logs import pull
from stackpress.logs.store import Store

from hil_tests.bench import runs
from hil_tests.campaign import summary
from hil_tests.targets.sim import SimTarget

DAY_S, NIGHT_S = 86400.0, 3 * 3600.0
CABLE = 0.5  # of the nights begin with a cable that is pulled
AGAIN_S = (60.0, 1800.0)
STACK_N = runs.STACK_PA * runs.AREA_UM2 * 1e-12
FLASH_BYTES = 2 << 20
GOALS = {"missing": 0.0, "hold_30d_total_pct": 1.0}


class PulledCable:
    """What a pull asks of a press, until the cable is pulled in the middle of an answer: after so many of them."""

    def __init__(self, press: Any, answers: int) -> None:
        self._press, self._left = press, answers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._press, name)

    def log_read(self, seq: int) -> bytes:
        """A press that is asked and whose port is gone before it has answered."""
        if self._left == 0:
            self._press.link._write(f"LOG:READ? {seq},4096\n".encode())
            self._press.link.close()
            raise LinkLost("the cable was pulled", "")
        self._left -= 1
        return bytes(self._press.log_read(seq))


@dataclass
class Seen:
    """What the truth has shown so far."""

    worst_n: float = 0.0
    held_s: float = 0.0
    cables: int = 0
    pulls: int = 0
    records: int = 0
    held_from: float | None = field(default=None)

    def look(self, truth: pl.DataFrame) -> None:
        """Take the rows that came since the last look."""
        at_stack = truth.filter((pl.col("Set Force / N") - STACK_N).abs() < 0.02)
        if at_stack.is_empty():
            return
        if self.held_from is None:
            self.held_from = float(at_stack["Test Time / s"][0]) + runs.SETTLE_S
        rows = at_stack.filter(pl.col("Test Time / s") >= self.held_from)
        if rows.is_empty():
            return
        self.held_s = float(rows["Test Time / s"][-1]) - self.held_from
        worst = (rows["Set Force / N"] - rows["Applied Force / N"]).abs().max()
        self.worst_n = max(self.worst_n, float(worst))  # type: ignore[arg-type]


class Tail:
    """truth.csv, read on from where it ended; what was read makes room on the disk."""

    def __init__(self, path: Path) -> None:
        self._path, self._at = path, 0
        self._head = b""

    def rows(self) -> pl.DataFrame:
        with self._path.open("rb") as file:
            self._head = self._head or file.readline()
            file.seek(max(self._at, len(self._head)))
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._at = max(self._at, len(self._head)) + len(whole)
        return pl.read_csv(self._head + whole, infer_schema_length=None)


def night(target: SimTarget, store: Store, chance: random.Random, seen: Seen) -> Any:
    """One pull, after as many as the cable spoils."""
    with stackpress.open(target.port) as press:
        if press.state == "tripped":
            raise RuntimeError(f"the press tripped: {press.tripped()}")
        if chance.random() < CABLE:
            seen.cables += 1
            try:
                pull.pull(PulledCable(press, chance.randrange(0, 60)), store)
            except LinkLost:
                target.run_for(chance.uniform(*AGAIN_S))
    with stackpress.open(target.port) as press:
        result = pull.pull(press, store)
    seen.pulls += 1
    seen.records += result.records
    return result


def hold(days: float, seed: int, told: Callable[[str], None] = print) -> dict[str, summary.Figure]:
    """Run it; the figures."""
    chance, seen = random.Random(f"hold {seed}"), Seen()
    runs.HOLD_S = int(days * DAY_S)
    case = runs.Case("hold", "nominal", "nominal", seed)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "data")
        target = SimTarget(specimen="breathing_cell", seed=seed, flash_bytes=FLASH_BYTES)
        with target:
            with stackpress.open(target.port) as press:
                if press.tick().rate_hz != 4000:
                    raise RuntimeError("the press does not tick at 4 kHz")
                target.run_for(1.0)
                press.run(runs.program(case, False))
            tail, end_s = Tail(target.truth_file), days * DAY_S + 3600
            while target.time_s() < end_s:
                left_s = end_s - target.time_s()
                target.run_for(min(left_s, DAY_S + chance.uniform(-NIGHT_S, NIGHT_S)), 7200.0)
                result = night(target, store, chance, seen)
                seen.look(tail.rows())
                worst = f"worst {seen.worst_n / STACK_N * 100:.3f} %, cables {seen.cables}"
                told(f"day {target.time_s() / DAY_S:.1f}: {result.records} records, missing {result.missing}, {worst}")
            with stackpress.open(target.port) as press:
                over = press.state
            missing = (
                result.missing + result.dropped + result.first_seq - 1
            )  # numbers begin with 1; what was overwritten is a gap
    if seen.held_s < 0.99 * days * DAY_S:
        raise RuntimeError(f"the truth shows a hold of {seen.held_s / DAY_S:.2f} days only; the press is {over}")
    return {"missing": missing, "hold_30d_total_pct": round(seen.worst_n / STACK_N * 100, 3), "hold_30d_days": days,
            "hold_30d_records": seen.records, "hold_30d_pulls": seen.pulls, "hold_30d_cables_pulled": seen.cables}  # fmt: skip


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="hold_30d", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--first", type=int, default=1, help="seed")
    chosen = parser.parse_args(arguments)
    figures = hold(chosen.days, chosen.first, lambda line: print(line, flush=True))
    if chosen.days >= 30:
        summary.write(figures)
    else:
        print(figures)
    return int(any(float(figures[name] or 0) > goal for name, goal in GOALS.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
