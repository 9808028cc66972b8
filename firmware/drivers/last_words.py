"""What the chip still knows of the end of the start before: the last section, whether ticks came, the registers of a hard fault.

A watchdog only says that something hung. The foreground leaves the number of what it does in a register that no reset clears, and
hard_fault.c the registers of the processor in RAM that no start clears. Read once at a start, and not kept in RAM.
"""

import machine
import tick_code

AGENDA = ("wire", "lease", "contacts", "controls", "program", "motion", "panel and telemetry", "calibration", "run log", "sampler")
AFTER = "journal"  # behind the parts of the scheduler, with which the wire is served in between
LOOP = 64  # from here on: the loop of the board itself, then its parts
STARVED = 20  # passes of the foreground without a tick: more than any rate has
MAGIC = 0x4B524B46  # hard_fault.c
REGISTERS = ("r0", "r1", "r2", "r3", "r12", "lr", "pc", "xpsr", "sp")


def told(trail, parts):
    """In words; the marks are taken away. `trail`: the section, and passes since the watchdog was fed; `parts`: the board's."""
    section, starved = trail[0], trail[1]
    trail[0] = trail[1] = 0
    parts = [part for part in parts if hasattr(part, "service")]
    lines = ["no tick came any more"] if starved > STARVED else []
    lines.append("last section: %s" % named(section, parts))
    return "\n".join(lines + _registers())


def named(section, parts):
    if section < LOOP:
        inside = section < 2 * len(AGENDA) - 1
        return AFTER if not inside else AGENDA[0] if section & 1 else AGENDA[section >> 1]
    at = section - LOOP - 1
    return type(parts[at]).__name__ if 0 <= at < len(parts) else "loop of the board"


def _registers():
    """Lines of hexadecimal, none unless there was a hard fault."""
    at = tick_code.fault()
    if machine.mem32[at] & 0xFFFFFFFF != MAGIC:
        return []
    machine.mem32[at] = 0
    values = ["%s %08x" % (name, machine.mem32[at + 4 + 4 * i] & 0xFFFFFFFF) for i, name in enumerate(REGISTERS)]
    return ["hard fault: " + " ".join(values[6:2:-1]), " ".join(values[:3] + values[7:])]
