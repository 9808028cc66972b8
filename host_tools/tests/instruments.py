"""Files of instruments made by their documented layouts, and a press's run of a pressure sweep that they belong to.

No licence lets real .mpt, .mpr or Neware files be kept here; Gamry's (data/*.dta) are real ones, from the tests of gamry-parser
0.4.6 (MIT licence). .mpr is laid out as galvani 0.5.0 and yadg 6.2.2 describe it.
"""

import struct
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from stackpress.logs.decode import SAMPLE_DTYPE
from stackpress.logs.synthetic import SyntheticPress
from stackpress_core.log import records
from stackpress_core.tick import states

START_UNIX_S = 1_795_000_000.0  # 2026-11-18 10:06:40 UTC
BERLIN = ZoneInfo("Europe/Berlin")
AREA_UM2 = 132_732_000  # 13 mm die
LEVELS_MPA = (1, 5, 10, 15, 20, 25, 5)
OHM = (600.0, 110.0, 50.0, 40.0, 35.0, 32.0, 50.0)  # of a lithium contact, pressed harder once
LEVEL_S, OUT_S, IN_S = 100.0, 40.0, 70.0  # a level, when its trigger goes out, when one comes in
FREQUENCIES = tuple(10.0 ** (6 - n / 2) for n in range(13))
EIS_HEAD = ("freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm", "|Z|/Ohm", "Phase(Z)/deg", "time/s", "<Ewe>/V", "<I>/mA", "cycle number")
CYCLING_HEAD = ("mode", "ox/red", "error", "control changes", "Ns changes", "counter inc.", "Ns", "time/s", "control/V/mA", "Ewe/V",
                "<I>/mA", "cycle number")  # fmt: skip


def swept_press(identity="press-1", sample="LIC-01", levels=LEVELS_MPA):
    """A press with one run: a level each 100 s, measured from a trigger out to a trigger in; a row a second."""
    r = records
    press = SyntheticPress(identity=identity)
    press.add(r.RUN, 0, 0, 1, AREA_UM2, 4000, 0, 4, b"", b"", b"", b"", [0] * 4, "0.1.0", "eis_pressure_sweep", sample, "")
    for k, mpa in enumerate(levels):
        newtons_c = round(mpa * AREA_UM2 / 1e6 * 100)
        begin = int(k * LEVEL_S)
        press.add(r.STEP, begin, 0, 1, 1, k + 1, k + 1, r.STEP_BEGINS, newtons_c, 0, 0, "sweep", "")
        rows = np.zeros(int(LEVEL_S), SAMPLE_DTYPE)
        rows["run"], rows["step"], rows["ticks"], rows["state"] = 1, 1, 4000, states.HOLDING
        rows["t_s"] = begin + 1 + np.arange(len(rows))
        rows["set_cn"] = rows["force_mean_cn"] = newtons_c
        rows["force_min_cn"], rows["force_max_cn"] = newtons_c - 100, newtons_c + 100
        marks = ((OUT_S, r.EVENT_TRIGGER_OUT, 1), (OUT_S, r.EVENT_TRIGGER_OUT, 0), (IN_S, r.EVENT_TRIGGER_IN, 0))
        done = 0
        for at, code, on in marks:
            press.add_samples(rows[done : int(at)])
            done = int(at)
            press.add(r.EVENT, begin + int(at), 100 if code == r.EVENT_TRIGGER_OUT and not on else 0, code, 1, on, 0, "")
        press.add_samples(rows[done:])
        press.add(r.STEP, begin + int(LEVEL_S), 0, 1, 1, k + 1, k + 1, r.STEP_ENDS, newtons_c, 0, 0, "sweep", "")
    press.add(r.RUN_END, int(len(levels) * LEVEL_S), 0, 1, r.RUN_DONE, [0] * 4, round(max(levels) * AREA_UM2 / 1e4), 0, 0, 0)
    return press


def wall(unix_s, form="%m/%d/%Y %H:%M:%S.%f", zone=BERLIN):
    """What a clock on the wall there shows."""
    return datetime.fromtimestamp(unix_s, zone).strftime(form)


def mpt(path, head, rows, started, decimal="."):
    """A text file of EC-Lab's; rows are tuples of numbers."""
    top = ["EC-Lab ASCII FILE", "", "", "Potentio Electrochemical Impedance Spectroscopy", "",
           f"Acquisition started on : {started}",
           "Saved on :", "\tFile : cell.mpr", "Device : SP-200 (SN 0001)", ""]  # fmt: skip
    top[1] = f"Nb header lines : {len(top) + 1}                          "
    body = ["\t".join(f"{v:.7E}".replace(".", decimal) for v in row) + "\t" for row in rows]
    path.write_bytes("\r\n".join([*top, "\t".join(head) + "\t", *body, ""]).encode("latin-1"))
    return path


def eis_rows(begin_s, ohm):
    """A sweep of frequencies that takes 24 s: 10 ohm of electrolyte, and a contact that makes the rest of `ohm` at its end."""
    out = []
    for n, hz in enumerate(FREQUENCIES):
        z = 10.0 + (ohm - 10.0) / (1 + 2j * np.pi * hz * 2e-3)
        reactance = z.imag + (0.5 if n == 0 else 0.0)  # the cables' own at the highest frequency
        out.append((hz, z.real, -reactance, abs(z), 0.0, begin_s + 2.0 * n, 0.001, 0.002, 1.0))
    return out


def eis_of_the_sweep(path, ahead_s=0.0, decimal="."):
    """The spectra of a whole sweep in one .mpt, each begun by the press's trigger; the clock is `ahead_s` ahead of the press's."""
    first = START_UNIX_S + OUT_S + ahead_s
    rows = [row for k, ohm in enumerate(OHM) for row in eis_rows(k * LEVEL_S, ohm)]
    return mpt(path, EIS_HEAD, rows, wall(first), decimal)


MODULE = "<10s25sI I 8s"


def mpr(path, started_unix_s, rows, zone=BERLIN):
    """A binary file of EC-Lab's: settings, data (time, voltage, averaged current, sequence), log with its moment as OLE has it."""
    moment = datetime.fromtimestamp(started_unix_s, zone).replace(tzinfo=None)
    ids = (4, 6, 11)  # time/s f8, Ewe/V f4, <I>/mA f8
    data = struct.pack("<IB", len(rows), len(ids)) + struct.pack("<3H", *ids)
    data = data.ljust(405, b"\0") + b"".join(struct.pack("<dfd", *row) for row in rows)
    ole = (moment - datetime(1899, 12, 30)).total_seconds() / 86400.0
    log = struct.pack("<d", ole).rjust(473, b"\0") + bytes(400)
    day = moment.strftime("%m/%d/%y").encode()
    body = b""
    for name, version, inside in ((b"Set", 0, bytes(100)), (b"data", 2, data), (b"LOG", 0, log)):
        short, long = (b"VMP " + name).ljust(10), (b"VMP " + name).ljust(25)
        body += b"MODULE" + struct.pack(MODULE, short, long, len(inside), version, day) + inside
    path.write_bytes(b"BIO-LOGIC MODULAR FILE\x1a".ljust(48) + b"\0\0\0\0" + body)
    return path
