"""The figure `export_records_per_s`: from a raw file of device records to a Parquet file, everything included.

Run as `python -m stackpress.logs.export_speed [samples]`. The raw file is written before the clock starts; read, CRC checks,
decoding, step and clock columns and the Parquet file itself are in the time.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from stackpress.logs.clock import Contact, clock_map
from stackpress.logs.parquet import write_parquet
from stackpress.logs.raw_file import decoded
from stackpress.logs.run_records import runs_of
from stackpress.logs.synthetic import AREA_UM2, stream
from stackpress.logs.table import Reference


def export_records_per_s(samples: int = 1_000_000, rounds: int = 5) -> float:
    """Sample records a second, the best of `rounds` (others on the machine only make it slower)."""
    clock = clock_map([Contact(0.0, 1.78e9), Contact(samples / 20, 1.78e9 + samples / 20 * 1.00001)])
    best = 0.0
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "log.spj")
        raw.write_bytes(stream(samples))
        for _ in range(rounds):
            began = time.perf_counter()
            found = decoded(raw)
            (run,) = runs_of(found)
            reference = Reference(run.press_ms_span[0], AREA_UM2 * 1e-12, clock, run.steps)
            write_parquet(run.views, reference, Path(folder, "log.press.parquet"))
            best = max(best, samples / (time.perf_counter() - began))
            assert found.missing == 0 and found.bad_bytes == 0 and run.samples == samples
    return best


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    print(json.dumps({"export_records_per_s": round(export_records_per_s(count))}))
