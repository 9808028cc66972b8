"""The ticks of a simulated press as machine code: the plant's and the core's stages, compiled, in batches."""

import functools
import os
import sys
from pathlib import Path

import platformdirs

from stackpress import paths, tick_compiler
from stackpress.simulator import firmware_copy
from stackpress.tick_compiler import c_source, native, read, read_order

NAME = "stackpress_ticks"
ARRAYS = ("blackboard", "plant", "ring", "truth", "text", "watch")
# Arguments: how many ticks at most, and where the addresses of the arrays lie; gives how many ticks there were.
ENTRY = f"""
long {NAME}(void *self, unsigned long count, unsigned long keywords, const long *args) {{
    const long most = args[0] >> 1;
    void *const *at = (void *const *)(args[1] >> 1);
    void {", ".join(f"*{name} = at[{n}]" for n, name in enumerate(ARRAYS))};
    volatile int32_t *woken = watch;
    long ran = 0;
    (void)self, (void)count, (void)keywords;
    while (ran < most && !*woken) {{
        tick({", ".join(ARRAYS)});
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
        read(simulated / "truth.py", "look", roots=roots),
        read(simulated / "watch.py", "look", roots=roots),
    ]
    return c_source("tick", stages, {"S": "blackboard", "P": "plant"}, local=True) + ENTRY


@functools.cache
def find() -> Path | None:
    """The folder with the module in it, for MICROPYPATH; None where there is no machine code, which is said once.

    To write the C text takes longer than all else of a start: of files that did not change it is known which module was made.
    """
    folder = paths.ROOT / "build" / "native" if paths.IN_CHECKOUT else platformdirs.user_cache_path("stackpress") / "native"
    try:
        files = firmware_copy.tree_hash((*paths.SIMULATED[2:], Path(tick_compiler.__file__).parent, Path(__file__)))
        known = folder / native.digest(*native.compiler(), files)
        if not (known / f"{NAME}.mpy").exists():
            known.mkdir(parents=True, exist_ok=True)
            fresh = known / f"{NAME}.{os.getpid()}"
            fresh.write_bytes((native.module(source(), NAME, folder) / f"{NAME}.mpy").read_bytes())
            fresh.replace(known / f"{NAME}.mpy")
        return known
    except native.CannotCompile as reason:
        print(f"The simulated press runs at MicroPython's own speed: {reason}.", file=sys.stderr)
        return None
