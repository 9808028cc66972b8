#!/bin/sh
# batterydf 0.1.0 (imports as bdf): validate() of a table with the three required labels is "ok" whatever stands in the columns: voltages
# that are all empty, voltages that are words, cycle counts that fall (the format says monotonic), Unix times and test times that
# run backwards (the last with a warning). normalize() drops columns that it does not know, without a word; a sidecar is called
# <file>.metadata.json, where the format's documents of 2026 have <stem>.metadata.json. So values are compared beside its "ok".
# Seen: five times ok; columns left of five: the three required. Fails if that changes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check batterydf==0.1.0 pandas==3.1.1 numpy==2.4.6
cd "$work"
venv/bin/python -W ignore - <<'PYTHON'
import os
import sys

import bdf
import numpy as np
import pandas as pd
from bdf.io import save

t = np.arange(5.0)
good = pd.DataFrame({"Test Time / s": t, "Voltage / V": 3 + t, "Current / A": 0 * t})
odd = {
    "voltages all empty": {"Voltage / V": np.nan},
    "voltages in words": {"Voltage / V": ["a"] * 5},
    "cycle counts that fall": {"Cycle Count / 1": [1, 2, 1, 2, 1]},
    "Unix time backwards": {"Unix Time / s": t[::-1]},
    "test time backwards": {"Test Time / s": t[::-1]},
}
said = {what: bdf.validate(good.assign(**columns))["ok"] for what, columns in odd.items()}
left = list(bdf.normalize(good.assign(**{"Force Cell 1 / N": t, "Applied Pressure / MPa": t})).columns)
save(good, "a.bdf.csv", metadata={"name": "a"})
beside = [name for name in os.listdir() if name.endswith(".metadata.json")]
print(said, left, beside)
sys.exit(not (all(said.values()) and left == list(good.columns) and beside == ["a.bdf.csv.metadata.json"]))
PYTHON
