#!/bin/sh
# ophyd-async 0.21.3: SoftSignalBackend(getter=..., poll_period=...), its way to a device without EPICS, swallows what the getter raises
# while somebody listens: whoever subscribes to an instrument that is lost goes on with the last value, alarm severity 0, no word, and
# get_value() gives it as well, out of the cache of whoever listens. So a device polls by itself and gives such a value severity 3.
# Seen: readings of 5.0 and none after the loss, severity 0; get_value gives 5.0 though the getter raises. Fails if that changes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check ophyd-async==0.21.3 bluesky==1.15.1 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import asyncio
import sys

from ophyd_async.core import soft_signal_rw


async def main():
    lost, calls, heard = False, 0, []

    def value():
        nonlocal calls
        calls += 1
        if lost:
            raise ConnectionError("unplugged")
        return 5.0

    signal = soft_signal_rw(float, name="force", getter=value, poll_period=0.1)
    await signal.connect()
    signal.subscribe_reading(lambda reading: heard.append((reading["force"]["value"], reading["force"]["alarm_severity"])))
    await asyncio.sleep(0.35)
    before, lost = calls, True
    count = len(heard)
    await asyncio.sleep(0.5)
    asked, later = calls - before, heard[count:]
    told = await signal.get_value()
    print(heard[-1], "asked", asked, "told", later, "get_value", told)
    return asked >= 2 and not later and heard[-1] == (5.0, 0) and told == 5.0


sys.exit(not asyncio.run(main()))
PYTHON
