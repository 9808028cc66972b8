"""A stream of records taken apart into runs: what belongs to one program's run, or to the time between runs.

Samples carry their run's number; they belong to the run until its end record, and beyond it as long as the press still
holds the cell. The rest of a boot (and a manual press, which runs no program) is one entry of its own, run 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from stackpress_core.log import records
from stackpress_core.tick import states

from stackpress.logs.decode import Decoded, Record, Samples, newer

_OF_NO_RUN = (records.BOOT, records.TIME_MAP)
_OF_ITS_COURSE = (records.RUN, records.STEP, records.TRIP, records.RUN_END)  # these say how long a run lasted


@dataclass
class RunRecords:
    """The records of one run, in stream order. `run` is 0 for what lies between the runs of a boot."""

    boot: int
    run: int
    views: list[Samples] = field(default_factory=list)
    others: list[Record] = field(default_factory=list)

    def of(self, *kinds: int) -> list[Record]:
        """The run's records of these kinds."""
        return [r for r in self.others if r.kind in kinds]

    @property
    def header(self) -> Record | None:
        """The run's header, if it is there."""
        return next(iter(self.of(records.RUN)), None)

    @property
    def end(self) -> Record | None:
        """The run's end record, if it is there."""
        return next(iter(self.of(records.RUN_END)), None)

    @property
    def steps(self) -> list[Record]:
        """The records that begin a step."""
        return [r for r in self.of(records.STEP) if r.fields["phase"] == records.STEP_BEGINS]

    @property
    def notes(self) -> list[Record]:
        """The records that tell what the program notes about a step."""
        return [r for r in self.of(records.EVENT) if r.fields["code"] == records.EVENT_STEP_NOTE]

    @property
    def newer(self) -> dict[str, int]:
        """Records of each kind that hold more than this host can read."""
        return newer(self.views, self.others)

    @property
    def samples(self) -> int:
        """How many samples it has."""
        return sum(len(v) for v in self.views)

    @property
    def seq_span(self) -> tuple[int, int]:
        """First and last sequence number of the run."""
        seqs = [r.seq for r in self.others]
        seqs += [int(v["seq"][i]) for v in self.views for i in (0, -1)]
        return min(seqs), max(seqs)

    @property
    def press_ms_span(self) -> tuple[int, int]:
        """First and last press time in ms: from the header if there is one, to the last sample or record."""
        dated = self.of(*_OF_ITS_COURSE) or self.of(*_OF_NO_RUN, records.EVENT)
        times = [r.fields["t_s"] * 1000 + r.fields["t_ms"] for r in dated if "t_s" in r.fields]
        for view in self.views:
            times += [int(view["t_s"][i]) * 1000 + int(view["t_ms"][i]) for i in (0, -1)]
        head = self.header
        first = head.fields["t_s"] * 1000 + head.fields["t_ms"] if head else min(times)
        return first, max(times)


def runs_of(decoded: Decoded) -> list[RunRecords]:
    """All runs of the stream, in the order in which they began; the time between runs is run 0 of its boot."""
    runs: dict[tuple[int, int], RunRecords] = {}

    def at(boot: int, run: int) -> RunRecords:
        return runs.setdefault((boot, run), RunRecords(boot, run))

    ends = {(r.boot, r.fields["run"]): r.seq for r in decoded.of(records.RUN_END)}
    past: dict[tuple[int, int], int] = {}  # first sample after a run that is over and whose cell is no longer held
    for view in decoded.views:
        for boot, run, part in _same_run(view):
            inside = part
            if (boot, run) in past:
                inside = part[:0]
            elif (boot, run) in ends:
                n = _length_of_run(part, ends[boot, run])
                if n < len(part):
                    past[boot, run] = int(part["seq"][n])
                inside = part[:n]
            if len(inside):
                at(boot, run).views.append(inside)
            if len(inside) < len(part):
                at(boot, 0).views.append(part[len(inside) :])
    tripped = {(r.boot, r.fields["trip"]): r.fields["run"] for r in decoded.of(records.TRIP)}
    for record in decoded.others:
        run = record.fields.get("run", 0)
        if record.kind == records.FLIGHT:  # written while the press may long be idle
            run = tripped.get((record.boot, record.fields["trip"]), 0)
        elif record.seq > past.get((record.boot, run), record.seq):
            run = 0
        at(record.boot, run).others.append(record)
    return [r for r in runs.values() if r.samples or r.run]


def _same_run(view: Samples) -> Iterator[tuple[int, int, Samples]]:
    """The view cut where the boot or the run changes."""
    boots, numbers = view["boot"], view["run"]
    cuts = np.flatnonzero((boots[1:] != boots[:-1]) | (numbers[1:] != numbers[:-1])) + 1
    edges = [0, *cuts.tolist(), len(view)]
    for a, b in zip(edges, edges[1:], strict=False):
        yield int(boots[a]), int(numbers[a]), view[a:b]


def _length_of_run(part: Samples, end_seq: int) -> int:
    """How many samples of `part` are the run's: those before its end, and after it while the press holds the cell."""
    over = (part["seq"] > end_seq) & ~np.isin(part["state"], states.DRIVEN)
    where = np.flatnonzero(over)
    return int(where[0]) if len(where) else len(part)
