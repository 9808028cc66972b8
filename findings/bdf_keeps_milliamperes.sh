#!/bin/sh
# batterydf 0.1.0 (imports as bdf) under pandas 3.1.1: normalize() takes a column "Current / mA" for "Current / A" and keeps its numbers,
# so 5 mA become 5 A; a column of dates becomes "Unix Time / s" and still holds dates, not seconds. validate() calls both tables ok.
# So a table that goes through it is first brought to the format's own units, and its values are compared, not only its "ok".
# Seen: Current / A 5.0, ok True; Unix Time / s of type datetime64, ok True. Fails if that changes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check batterydf==0.1.0 pandas==3.1.1 numpy==2.4.6
"$work/venv/bin/python" - <<'PYTHON'
import sys

import bdf
import numpy as np
import pandas as pd

t = np.arange(5.0)
common = {"Test Time / s": t, "Voltage / V": 3 + t}
small = bdf.normalize(pd.DataFrame({**common, "Current / mA": 0 * t + 5}))
dates = pd.to_datetime(1.79e9 + t, unit="s")
dated = bdf.normalize(pd.DataFrame({**common, "Current / A": 0 * t, "datetime": dates}))
current, kind = small["Current / A"].iloc[0], str(dated["Unix Time / s"].dtype)
print("Current / A", current, bdf.validate(small)["ok"], "Unix Time / s", kind, bdf.validate(dated)["ok"])
good = current == 5.0 and kind.startswith("datetime64") and bdf.validate(small)["ok"] and bdf.validate(dated)["ok"]
sys.exit(not good)
PYTHON
