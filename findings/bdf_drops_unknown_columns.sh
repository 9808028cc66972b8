#!/bin/sh
# batterydf 0.1.0 (imports as bdf): normalize() of a valid table keeps only the columns that it knows; a press's own (force of a cell,
# pressure) are gone without a word or a warning. save() calls the sidecar <file>.metadata.json (a.bdf.csv.metadata.json), where the
# format's documents of 2026 have <stem>.metadata.json. So a table of a press is written by hand, and read back to be compared.
# Seen: of five columns the three required are left, no warning; a.bdf.csv.metadata.json. Fails if that changes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check batterydf==0.1.0 pandas==3.1.1 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import os
import sys
import warnings

import bdf
import numpy as np
import pandas as pd
from bdf.io import save

t = np.arange(5.0)
good = pd.DataFrame({"Test Time / s": t, "Voltage / V": 3 + t, "Current / A": 0 * t})
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    left = list(bdf.normalize(good.assign(**{"Force Cell 1 / N": t, "Applied Pressure / MPa": t})).columns)
save(good, "a.bdf.csv", metadata={"name": "a"})
beside = [name for name in os.listdir() if name.endswith(".metadata.json")]
about = [str(one.message) for one in told if "Force" in str(one.message) or "Pressure" in str(one.message)]
print(left, about, beside)
sys.exit(not (bdf.validate(good)["ok"] and left == list(good.columns) and not about and beside == ["a.bdf.csv.metadata.json"]))
PYTHON
