#!/bin/sh
# PyVISA 1.16.2 with PyVISA-py 0.8.1 on a serial port, nothing set: query_binary_values reads a definite-length block (IEEE 488.2)
# that holds a line feed by its length and leaves the line feed behind it where it is, so that every later answer is one behind. A
# block without a line feed is read with its line end. With read_termination="\n" both are read whole.
# Seen: a block with a line feed, then *IDN?: '\n'. One without: 'me\n'. The first again, with read_termination set: 'me'.
# Fails if that changes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pyvisa==1.16.2 pyvisa-py==0.8.1 pyserial==3.5
cat > "$work/ask.py" <<'PYTHON'
import os
import pty
import sys
import threading
import tty

import pyvisa

ANSWERS = {b"*IDN?": b"me\n", b"HELD?": b"#15ab\ncd\n", b"FREE?": b"#15abxcd\n"}
master, slave = pty.openpty()
tty.setraw(slave)


def instrument():
    line = b""
    while True:
        line += os.read(master, 100)
        while b"\n" in line:
            asked, line = line.split(b"\n", 1)
            os.write(master, ANSWERS[asked.strip()])


threading.Thread(target=instrument, daemon=True).start()
question, *settings = sys.argv[1:]
more = {"read_termination": "\n"} if settings else {}
port = pyvisa.ResourceManager("@py").open_resource(f"ASRL{os.ttyname(slave)}::INSTR", **more)
block = port.query_binary_values(question, datatype="B", container=bytes)
assert block == ANSWERS[question.encode()][3:8], block
print(repr(port.query("*IDN?")))
PYTHON
ask="$work/venv/bin/python $work/ask.py"
seen="$($ask 'HELD?') $($ask 'FREE?') $($ask 'HELD?' set)"
printf "%s\n" "$seen"
[ "$seen" = "'\\n' 'me\\n' 'me'" ]
