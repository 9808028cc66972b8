"""A module for MicroPython by which a process makes copies of itself: from one moment, many ends.

To bring a press to a moment takes longer than to see what a fault does there. The copy has the press as it stands, and nothing that
is done to it is known to the first. MicroPython has no fork; a viper function that is machine code can ask the kernel for one.
"""

from pathlib import Path

from stackpress import paths
from stackpress.tick_compiler import native

NAME = "branches"
# Argument: 0 makes a copy (gives 0 in the copy, its number in the first), 1 waits for one to end, 2 ends a copy.
SOURCE = f"""
static long asked(long number, long a, long b, long c, long d) {{
    long found;
    register long fourth __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(found) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
    return found;
}}

long {NAME}(void *self, unsigned long count, unsigned long keywords, const long *args) {{
    const long what = args[0] >> 1;
    (void)self, (void)count, (void)keywords;
    const long found = what == 0 ? asked(57, 0, 0, 0, 0) : what == 1 ? asked(61, -1, 0, 0, 0) : asked(231, 0, 0, 0, 0);
    return found << 1 | 1;
}}
"""


def folder() -> Path:
    """The folder with the module in it, for MICROPYPATH. Raises native.CannotCompile where there is no Linux on x86-64."""
    return native.module(SOURCE, NAME, paths.ROOT / "build" / "native")
