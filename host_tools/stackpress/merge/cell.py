"""One cell from both sides: clocks compared, tables joined, spectra put to their pressures, files written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stackpress.logs.runs import Run, document
from stackpress.merge import clocks, joined, picture
from stackpress.merge import quantities as q
from stackpress.merge.clocks import Offset
from stackpress.merge.readers import Measured
from stackpress.merge.spectra import COLUMNS, loop, spectra
from stackpress.whole_file import write_whole


@dataclass(frozen=True)
class Merged:
    """What came of a merge; `pressed` are the rows for which the press has logged something, `in_gaps` those in its run without."""

    offset: Offset
    rows: int
    pressed: int
    in_gaps: int
    spectra: list[dict[str, Any]]
    loop: list[dict[str, float]]
    files: list[Path]


def merged(run: Run, measured: Sequence[Measured], stem: Path, formats: Sequence[str], offset_s: float | str = "triggers",
           before_pa: float = 0.0, impedance: str = "lowest") -> Merged:  # fmt: skip
    """Merge a run with an instrument's files and write `<stem>.*`; gives what was found.

    `offset_s` is how far the instrument's clock is ahead, or "triggers" to find it from both sides' edges. `before_pa` is the
    highest pressure / Pa that the cell had seen before. Raises NotMergeable (no row of the files lies in the run), OSError.
    """
    import polars as pl

    side = document(run)
    found = _offset(side, measured, offset_s)
    ahead = found.seconds or 0.0
    tables = [one.table.with_columns(pl.col(q.UNIX) - ahead) if ahead else one.table for one in measured]
    whole = (
        pl.concat(tables, how="diagonal_relaxed").sort(q.UNIX, maintain_order=True) if len(tables) > 1 else tables[0]
    )
    if q.TEST_TIME in whole.columns and len(tables) > 1:  # each file counts from its own beginning: one table has one
        whole = whole.with_columns((pl.col(q.UNIX) - pl.col(q.UNIX).first()).alias(q.TEST_TIME))
    _overlapping(run, side, whole, [one.path for one in measured])
    rows = joined.press_rows(run)
    both = joined.join(whole, rows)
    named = [(one.path.name, table) for one, table in zip(measured, tables, strict=True)]
    seen = spectra(named, rows, side.get("levels", []), before_pa)
    both_ways = loop(seen, impedance)
    told = {"files": [{"name": one.path.name, "rows": len(one.table), "notes": list(one.notes)} for one in measured],
            "instrument_ahead_s": found.seconds, "clocks": str(found), "rows_pressed": both.pressed, "rows_in_gaps": both.in_gaps,
            "spectra": seen, "loop": both_ways}  # fmt: skip
    files = joined.write(both, run, stem, told, formats) + _spectra_files(run, stem, seen, both_ways, impedance)
    return Merged(found, len(whole), both.pressed, both.in_gaps, seen, both_ways, files)


def _offset(side: dict[str, Any], measured: Sequence[Measured], offset_s: float | str) -> Offset:
    if not isinstance(offset_s, str):
        return Offset(offset_s, 0, 0, 0.0, "") if offset_s else Offset(None, 0, 0, 0.0, "it was not wanted")
    begun = np.unique(np.concatenate([clocks.beginnings(one.table) for one in measured]))
    edges = clocks.press_edges(side)
    compared = measured if len(edges) >= clocks.FEWEST else []
    row_s = max((float(np.median(np.diff(one.table[q.UNIX].to_numpy()))) for one in compared if len(one.table) > 1), default=0.0)
    return clocks.offset(edges, begun, row_s)


def _overlapping(run: Run, side: dict[str, Any], whole: Any, paths: Sequence[Path]) -> None:
    """Raises NotMergeable if no row lies in the run, with how far they lie away."""
    unix = whole[q.UNIX].to_numpy()
    begin = side["time"]["start_unix_s"]
    end = begin + side["time"]["duration_s"]
    if not np.searchsorted(unix, end, side="right") - np.searchsorted(unix, begin, side="right"):
        nearest = min(unix[0] - end, begin - unix[-1], key=abs) if len(unix) else 0.0
        way = "after its end" if len(unix) and unix[0] > end else "before its begin"
        names = ", ".join(path.name for path in paths)
        raise joined.NotMergeable(
            f"no row of {names} lies in {run.run_id}: the nearest is {abs(nearest) / 3600:.2f} h {way}",
            "Is it the run of that cell, and the zone right? --zone, --dates and --offset say more.",
        )


def _spectra_files(
    run: Run, stem: Path, seen: Sequence[dict[str, Any]], both_ways: Sequence[dict[str, float]], impedance: str
) -> list[Path]:
    import polars as pl

    if not seen:
        return []
    table = stem.with_name(stem.name + ".spectra.csv")
    write_whole(table, pl.DataFrame(list(seen), schema=list(COLUMNS), infer_schema_length=None).write_csv())
    try:
        figure = picture.draw(seen, both_ways, run.sample or run.run_id, impedance)
    except ValueError:  # no spectrum has a pressure: the table says so, a picture could not
        return [table]
    drawn = stem.with_name(stem.name + ".spectra.png")
    picture.save(figure, drawn)
    return [table, drawn]
