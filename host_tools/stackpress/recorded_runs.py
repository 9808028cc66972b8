"""Runs that are kept on this computer, as a script or a notebook wants them: found, as tables, as pictures.

    for run in stackpress.runs(sample="LPS-17"):
        print(run.outcome, run.table()["Applied Pressure / Pa"].max())

Nothing here asks a press; `press.pull()` brings what is new.
"""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from .logs.moments import local, moment
from .logs.runs import Run, Wanted, document, find
from .logs.runs import runs as listed
from .logs.store import Store

if TYPE_CHECKING:
    import polars as pl

SHOWN = ("run_id", "sample", "program", "operator", "outcome", "start", "duration_s", "peak_n", "peak_pa", "trips", "missing",
         "tags")  # fmt: skip


class RecordedRun:
    """A run: what `stackpress runs` lists of it as attributes (`run_id`, `outcome`, `peak_pa`, ...), the rest by calls."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "run"), name)

    @property
    def sidecar(self) -> dict[str, Any]:
        """What is not a column: steps, events, trips, clock, versions. Raises OSError."""
        return document(self.run)

    def table(self) -> "pl.DataFrame":
        """The samples, a row each, with the labels of COLUMNS.md, in SI. Raises OSError."""
        import polars as pl

        return pl.read_parquet(self.run.parquet)

    def compensated(self) -> "pl.DataFrame":
        """The table, with `Force Cell N Compensated / N` of each cell whose drift is kept here. Raises OSError, ValueError."""
        from .metrology import history, temperature

        root = self.run.parquet.parent.parent
        have = history.calibration_of((self.sidecar.get("hashes") or {}).get("calibration", ""), root)
        return temperature.compensated(self.table(), [one.serial if one else None for one in have.cells] if have else [], root)

    def steps(self) -> "pl.DataFrame":
        """A row a step: how long it lasted, mean, smallest and largest force / N, mean pressure / Pa, travel / m, how it ended.

        Where a reference of the die is kept, thickness, density, porosity and stiffness at its end, and their uncertainties.
        """
        import polars as pl

        from .logs import thickness
        from .logs.comparison import steps_of
        from .logs.compliance import fitting

        side, table = self.sidecar, self.table()
        reference = fitting(self.run.parquet.parent.parent, side)
        told = thickness.steps(side, table, reference).steps if reference else []
        found = steps_of(side, table)
        rows = [{**one, **row} for one, row in zip(found, told or [{}] * len(found), strict=True)]
        return pl.DataFrame(rows, infer_schema_length=None)

    def levels(self) -> "pl.DataFrame":
        """A row a level of the run's sweeps, as `.levels.csv` has it; no row if there was none."""
        from .logs.levels import data_frame

        found: pl.DataFrame = data_frame(self.sidecar.get("levels") or [])
        return found

    def figure(self) -> Any:
        """The run as a picture, a matplotlib figure."""
        from .logs.plot import draw
        from .logs.report_content import png

        figure = draw(self.run.parquet, self.sidecar)
        figure._repr_png_ = lambda: png(figure, 110)  # a notebook shows one that pyplot does not know
        return figure

    def report(self, path: str | Path = "") -> Path:
        """Write the report (.html or .pdf; `<run>.html` here without a path); where it is. Raises OSError."""
        from .logs.report import report

        return report(self.run, Path(path or f"{self.run.run_id}.html"))

    def __repr__(self) -> str:
        named = f" ({self.run.sample})" if self.run.sample else ""
        return f"<run {self.run.run_id}{named}: {self.run.program or 'no program'}, {self.run.outcome}>"

    def _repr_html_(self) -> str:
        return _html([self])


class RecordedRuns(Sequence[RecordedRun]):
    """Runs in order of time; by place, by slice, or by name (its beginning or end, or a sample: then the newest)."""

    def __init__(self, runs: Sequence[RecordedRun]) -> None:
        self._runs = list(runs)

    @overload
    def __getitem__(self, which: int | str) -> RecordedRun: ...
    @overload
    def __getitem__(self, which: slice) -> "RecordedRuns": ...
    def __getitem__(self, which: int | str | slice) -> "RecordedRun | RecordedRuns":
        if isinstance(which, slice):
            return RecordedRuns(self._runs[which])
        if isinstance(which, int):
            return self._runs[which]
        fitting = [run for run in self._runs if which in (run.run.run_id, run.run.sample)]
        fitting = fitting or [run for run in self._runs if run.run.run_id.startswith(which) or run.run.run_id.endswith(which)]
        if not fitting:
            raise KeyError(f"no run of these is called, or pressed, {which!r}")
        return fitting[-1]

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[RecordedRun]:
        return iter(self._runs)

    def table(self) -> "pl.DataFrame":
        """A row a run: what `stackpress runs` lists, times in s, forces in N, pressures in Pa."""
        import polars as pl

        return pl.DataFrame([_row(run) for run in self._runs], schema=None if self._runs else list(SHOWN), infer_schema_length=None)

    def __repr__(self) -> str:
        return "\n".join(repr(run) for run in self._runs) or "<no runs>"

    def _repr_html_(self) -> str:
        return _html(self._runs)


def runs(
    sample: str | None = None,
    program: str | None = None,
    since: str | None = None,
    tag: str | None = None,
    data: str | Path | None = None,
) -> RecordedRuns:
    """The runs that are kept here, oldest first; `sample` and `program` are parts of names, `since` a date or so long ago ("7d").

    `data` is another folder than the user's own. Raises NoMoment for a date that is none.
    """
    wanted = Wanted(sample, program, None if since is None else moment(since).timestamp(), tag)
    with Store(Path(data) if data is not None else None) as store:
        return RecordedRuns([RecordedRun(one) for one in listed(store) if one.run and one in wanted])


def named(name: str, data: str | Path | None = None) -> RecordedRun:
    """One run by its name or sample. Raises NoSuchRun."""
    with Store(Path(data) if data is not None else None) as store:
        return RecordedRun(find(store, name))


def _row(run: RecordedRun) -> dict[str, Any]:
    told = {"start": local(run.run.start_unix_s), "tags": ", ".join(run.run.tags)}
    return {name: told[name] if name in told else getattr(run.run, name) for name in SHOWN}


def _html(runs: Sequence[RecordedRun]) -> str:
    """A small table, as a notebook shows it."""
    from .view.snapshot import force_text, pressure_text, time_text

    rows = [
        [run.run.run_id, local(run.run.start_unix_s), run.run.program, run.run.sample,
         pressure_text(run.run.peak_pa) if run.run.peak_pa else force_text(run.run.peak_n),
         time_text(run.run.duration_s), run.run.outcome, ", ".join(run.run.tags)]
        for run in runs
    ]  # fmt: skip
    head = "".join(f"<th>{name}</th>" for name in ("run", "when", "program", "sample", "peak", "lasted", "end", "tags"))
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"
