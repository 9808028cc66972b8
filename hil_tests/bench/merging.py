"""How long a merge takes beside pandas: a press's month and a million rows of a cycler, `python merging.py ours|pandas FOLDER`.

Each is a process of its own that says seconds after its imports, seconds of the processor, and its peak memory. pandas reads both
and joins them; ours is the command `stackpress merge`: it reads, compares the clocks, joins, and writes the file and its sidecar.
They are run by turns; the figure is the median of the ratios. That of the processor's seconds says what the work costs where others
keep the machine busy, that of the whole processes what a person waits, imports included.
"""

import contextlib
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt

MONTH_S, SAMPLE_S, ROWS = 30 * 86400, 16, 1_000_000  # the longest row that a press at 4 kHz logs has 65535 ticks
START_UNIX_S = 1_792_408_000.0  # 2026-10-19
PAIRS = 5
Floats = npt.NDArray[np.float64]


def make(folder: Path) -> None:
    """The log of a month's hold as a run, and a cycler's CSV with wall clock, time, cycle, step, volts and milliamperes."""
    import polars as pl
    from stackpress.logs import runs
    from stackpress.logs.clock import Contact
    from stackpress.logs.decode import SAMPLE_DTYPE
    from stackpress.logs.pull import pull
    from stackpress.logs.store import Store
    from stackpress.logs.synthetic import AREA_UM2, HOLD_CN, SyntheticPress
    from stackpress_core.log import records as r

    press = SyntheticPress(identity="month", piece=1 << 20)
    press.add(r.RUN, 0, 0, 1, AREA_UM2, 4000, 0, 4, b"", b"", b"", b"", [0] * 4, "0.1.0", "hold", "month", "")
    rows = np.zeros(MONTH_S // SAMPLE_S, SAMPLE_DTYPE)
    rows["run"], rows["ticks"], rows["t_s"] = 1, SAMPLE_S * 4000, SAMPLE_S * (1 + np.arange(len(rows)))
    rows["force_mean_cn"] = rows["set_cn"] = rows["force_min_cn"] = rows["force_max_cn"] = HOLD_CN
    press.add_samples(rows)
    press.add(r.RUN_END, MONTH_S, 0, 1, r.RUN_DONE, [0] * 4, HOLD_CN, 0, 0, 0)
    with Store(folder / "data") as store:
        for at in (600.0, float(MONTH_S)):
            store.add_contact(press.identity, press.boot, Contact(at, START_UNIX_S + at))
        pull(press, store)
        runs.ingest(store, press.identity)
    t = 1 + np.arange(ROWS) * (MONTH_S / ROWS)
    clock = pl.from_epoch(pl.Series((START_UNIX_S + t) * 1e3).cast(pl.Int64), time_unit="ms").dt.strftime("%Y-%m-%d %H:%M:%S%.3f")
    pl.DataFrame({
        "Date Time": clock, "Total Time (s)": t.round(3), "Cycle Index": np.ones(ROWS, int), "Step Index": np.arange(ROWS) // 1000,
        "Voltage(V)": (3.7 + 0.1 * np.sin(t / 1000)).round(6), "Current(mA)": (0.1 * np.cos(t / 3000)).round(6),
    }).write_csv(folder / "cycler.csv")  # fmt: skip


def _now() -> Floats:
    """Seconds of the wall's clock and of the processor's."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return np.array([time.perf_counter(), used.ru_utime + used.ru_stime])


def ours(folder: Path) -> Floats:
    import polars  # noqa: F401  before the clock starts, as pandas is
    from stackpress.cli import app
    from stackpress.merge import cell, readers  # noqa: F401

    begin, told = _now(), io.StringIO()
    with contextlib.redirect_stdout(told):
        code = app.run([*_command(folder), "--json"])
    took = _now() - begin
    found = json.loads(told.getvalue())
    assert code == 0 and found["rows_pressed"] == found["rows"] == ROWS
    return took


def _command(folder: Path) -> list[str]:
    """What a person types behind `stackpress`."""
    return ["merge", "month", str(folder / "cycler.csv"), "--zone", "UTC", "--data", str(folder / "data"), "-o", str(folder)]


def pandas(folder: Path) -> Floats:
    import pandas as pd

    begin = _now()
    cycler = pd.read_csv(folder / "cycler.csv", parse_dates=["Date Time"])
    cycler["Unix Time / s"] = cycler["Date Time"].dt.tz_localize("UTC").astype("int64") / 1e6
    press = pd.read_parquet(next((folder / "data" / "runs").glob("*.parquet")))
    assert len(pd.merge_asof(cycler, press, on="Unix Time / s", direction="forward")) == ROWS
    return _now() - begin


SIDES = {"ours": ours, "pandas": pandas}


def measured() -> dict[str, float]:
    """Ratios of wall time, of the processor's time, of peak memory and of the whole processes' wall time, ours over pandas's."""
    with tempfile.TemporaryDirectory() as name:
        make(Path(name))
        told = [{side: _told(side, name) for side in SIDES} for _ in range(PAIRS)]
    names = ("merge_ratio", "merge_cpu_ratio", "merge_rss_ratio", "merge_process_ratio")
    return {name: median(one["ours"][n] / one["pandas"][n] for one in told) for n, name in enumerate(names)}


def _told(side: str, folder: str) -> list[float]:
    run = subprocess.run([sys.executable, __file__, side, folder], check=True, capture_output=True, text=True)
    found: list[float] = json.loads(run.stdout)
    words = ["-m", "stackpress", *_command(Path(folder))] if side == "ours" else [__file__, side, folder]
    begin = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return [*found, time.perf_counter() - begin]


if __name__ == "__main__":
    took = SIDES[sys.argv[1]](Path(sys.argv[2]))
    print(json.dumps([*took.tolist(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
