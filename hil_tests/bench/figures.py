"""The table of figures: name, goal, unit, what is measured. A figure without a goal is told, not judged."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """One number of build/bench.json; `better` says on which side of `goal` it has to lie."""

    name: str
    goal: float | None
    unit: str
    what: str
    better: Literal["low", "high"] = "low"

    def met(self, value: float) -> bool | None:
        """Whether the goal is reached; None if there is none."""
        if self.goal is None:
            return None
        return value <= self.goal if self.better == "low" else value >= self.goal


FIGURES = (
    Figure("overshoot_pct", 0.5, "%", "overshoot of the force at the end of the 370 MPa ramp, of the target"),
    Figure("dwell_rms_pct", 0.1, "%", "force against set-point in the dwell at 370 MPa, RMS"),
    Figure("ramp_worst_pct", 1.0, "%", "worst deviation from the 10 MPa/s ramps, up and down, of the target"),
    Figure("hold_worst_pct", 1.0, "%", "24 h at 5 MPa on a breathing cell: worst control error, both kinds of valve"),
    Figure("hold_measuring_pct", None, "%", "measuring error in that hold: drift, creep, nonlinearity of the low cell"),
    Figure("hold_total_pct", None, "%", "the two together: worst difference of the true force from the set-point"),
    Figure("hold_2mpa_pct", 0.5, "%", "24 h at 2 MPa on 10 mm, 157 N: worst total error, regulator, five plants"),
    Figure("hold_0p1mpa_n", 1.0, "N", "24 h at 0.1 MPa on 13 mm, 13 N: the same"),
    Figure("hold_moves_per_h", 60, "1/h", "moves of the fill and vent valves in that hold"),
    Figure(
        "contact_excess_n",
        25,
        "N",
        "true force beyond the 50 N of a contact: 3 specimens, 100 - 3000 um/s, zeros off by their band",
    ),
    Figure("sim_speed", 50, "s/s", "press seconds for a wall second, 4 kHz tick, the whole program", "high"),
    Figure("hold_4khz_speed", None, "s/s", "the same for an hour of the 5 MPa hold, where little happens", "high"),
    Figure("sim_rss_mb", None, "MB", "peak memory of the simulated press in that program"),
    Figure("cli_start_ratio", 5, "", "`stackpress --help` against `python -c pass`, wall time, median of pairs"),
    Figure("page_growth_pct", 5, "%", "browser's heap and service's memory over 21 replayed days, against those after the first"),
    Figure("page_live_growth_pct", 5, "%", "the same over 24 h of a press that holds, live, against those after the first hour"),
    Figure("page_stop_ms", 50, "ms", "a click on the page's vent to the dump valve of a simulated press at real time, median"),
    Figure("serve_20_cpu_pct", 30, "%", "a core's time that one service takes with 20 presses that hold and log"),
    Figure("serve_lost", 0, "", "records of these 20 presses that it has not"),
    Figure("merge_ratio", 0.3, "", "a month's log and 1e6 rows of a cycler merged and written, against pandas's join"),
    Figure("merge_cpu_ratio", None, "", "the processor's time of the two"),
    Figure("merge_process_ratio", None, "", "wall time of the two whole processes, imports included"),
    Figure("merge_rss_ratio", 0.7, "", "peak memory of the two"),
    Figure("person_minutes", 15, "min", "a person's time for a week's twenty jobs, as host_tools/README.md lists them"),
    Figure("export_records_per_s", 1e6, "1/s", "sample records from device pages to Parquet", "high"),
    Figure("tick_alloc_bytes", 0, "B", "heap that 10 000 ticks take in every state and mode"),
)
BY_NAME = {figure.name: figure for figure in FIGURES}
