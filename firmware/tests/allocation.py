"""Bytes that a tick takes from the heap: measured on MicroPython with the heap locked, in every state, mode and reaction.

On MicroPython, `allocation.py` prints the figure; elsewhere `tick_alloc_bytes()` stages the firmware, runs that and gives it.
With the heap locked an allocation raises MemoryError, so the figure is 0 or the run fails; the words in use are compared as well.
"""

import sys

TICKS = 10000


def cases():
    """(kind of valve, state, mode, reaction): all states with all modes, and the stopped press with each reaction."""
    for kind in (1, 2, 0):
        for state in range(8):
            for mode in range(5):
                yield kind, state, mode, 0
        for reaction in (1, 2, 3, 4):
            yield kind, 5, 2, reaction


def measured(ticks=TICKS):
    """(bytes taken, cases) of `ticks` ticks in each case; MicroPython only."""
    import gc

    import micropython
    from bench_core import AT, Bench
    from stackpress_core.tick.tick import tick

    state_at, mode_at, reaction_at, raw_at, due = AT["STATE"], AT["MODE"], AT["REACTION"], AT["RAW"], AT["BANK_WANTED"]
    taken, count = 0, 0
    for kind, state, mode, reaction in cases():
        bench = Bench(hz=4000, valve_kind=kind)
        bench.tick(3)
        s, ring = bench.S, bench.ring
        bench["TARGET"], bench["SET"], bench["RATE_MAX"], bench["CORNER"], bench["LANDING"] = 5000000, 100000, 70000, 70, 65
        gc.collect()
        before = gc.mem_alloc()
        micropython.heap_lock()
        try:
            for i in range(ticks):
                s[state_at] = state
                s[mode_at] = mode
                s[reaction_at] = reaction
                s[raw_at] = (i * 37) & 0x3FFFFF
                s[due] = i >> 7 & 1
                s[4] = 1 if i & 63 else 0
                tick(s, ring)
        finally:
            micropython.heap_unlock()
        taken += gc.mem_alloc() - before
        count += 1
    return taken, count


def tick_alloc_bytes():
    """The same from CPython: bytes as an int; RuntimeError with what MicroPython said if it failed."""
    import pathlib
    import subprocess
    import tempfile

    here = pathlib.Path(__file__).resolve().parent
    from stackpress.simulator import firmware_copy
    from stackpress.simulator.supervisor import MICROPYTHON

    with tempfile.TemporaryDirectory() as folder:
        firmware_copy.copy([here.parent / "stackpress_core", here], pathlib.Path(folder))
        ended = subprocess.run(list(MICROPYTHON) + [folder + "/tests/allocation.py"], capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(ended.stdout + ended.stderr)
    return int(ended.stdout.split()[0])


if __name__ == "__main__" and sys.implementation.name == "micropython":
    HERE = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."
    sys.path[:0] = [HERE + "/..", HERE]
    print("%d bytes in %d cases" % measured())
elif __name__ == "__main__":
    print(tick_alloc_bytes())
