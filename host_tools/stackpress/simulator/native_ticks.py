"""The ticks of a simulated press as machine code: the plant's and the core's stages, compiled, in batches."""

import functools
import sys
from pathlib import Path

import platformdirs

from stackpress import paths
from stackpress.stages import c_source, native, read, read_order

NAME = "stackpress_ticks"
# Arguments: the addresses of frame, plant, ring and watch, and how many ticks at most; gives how many there were.
ENTRY = f"""
long {NAME}(void *self, unsigned long count, unsigned long keywords, const long *args) {{
    void *frame = (void *)(args[0] >> 1), *plant = (void *)(args[1] >> 1), *ring = (void *)(args[2] >> 1);
    volatile int32_t *woken = (int32_t *)(args[3] >> 1);
    const long most = args[4] >> 1;
    long ran = 0;
    (void)self, (void)count, (void)keywords;
    while (ran < most && !*woken) {{
        tick(frame, plant, ring, (void *)woken);
        ran++;
    }}
    return ran << 1 | 1;
}}
"""


@functools.cache
def source() -> str:
    """The text of the C file. Raises CannotTranslate."""
    core, plant, simulated = paths.SIMULATED[2:]
    roots = (core.parent, plant.parent, simulated.parent)
    stages = [
        read(plant / "step.py", "step", roots=roots),
        *read_order(core / "tick" / "tick.py", "tick", roots=roots),
        read(simulated / "watch.py", "look", roots=roots),
    ]
    return c_source("tick", stages, {"S": "frame", "P": "plant"}, local=True) + ENTRY


@functools.cache
def find() -> Path | None:
    """The folder with the module in it, for MICROPYPATH; None where there is no machine code, which is said once."""
    folder = paths.ROOT / "build" / "native" if paths.IN_CHECKOUT else platformdirs.user_cache_path("stackpress") / "native"
    try:
        return native.module(source(), NAME, folder)
    except native.CannotCompile as reason:
        print(f"The simulated press runs at MicroPython's own speed: {reason}.", file=sys.stderr)
        return None
