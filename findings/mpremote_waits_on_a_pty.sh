#!/bin/sh
# mpremote 1.29.0 asks what is on /dev/pts for the raw prompt with a read that has no end: its own time-out of 10 s is never looked
# at while nothing comes. (On any other port it asks how many bytes wait, and gives up in time.) So whoever runs it on a pty
# ends it himself.
# Seen: still waiting after 25 s, nothing printed. Fails if it gives up by itself.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check mpremote==1.29.0 pyserial==3.5
"$work/venv/bin/python" - <<'PYTHON'
import os
import pty
import subprocess
import sys
import tty

master, slave = pty.openpty()  # a device that says nothing
tty.setraw(slave)
try:
    ended = subprocess.run([sys.executable, "-m", "mpremote", "connect", os.ttyname(slave), "exec", "pass"], timeout=25, capture_output=True)
except subprocess.TimeoutExpired as waiting:
    print("still waiting after 25 s;", waiting.stdout or b"nothing", "printed")
else:
    sys.exit(f"it gave up: {ended}")
PYTHON
