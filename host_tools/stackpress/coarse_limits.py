"""Interlock limits of a press that are wider than the force of a step: there they see nothing.

A limit that is judged as a difference from the set-point (or a loss of force) and is larger than the set-point itself can't be
exceeded before all force is gone, or the force has doubled. It is told, not refused: the step may be worth it all the same.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from stackpress_core.recipe import kinds

from .config.numbers import number

LIMITS = ("no_response_n", "runaway_n", "force_drop_min_n")
RAMPS, HOLDS = ("ramp_deviation_min_n",), ("hold_band_min_n",)
HOLDING = ("hold", "settle", "creep", "cycle", "sweep")


def told(program: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    """One sentence for each step that has such a limit; `values` are a press's parameters in newtons, by name."""
    found = []
    for place, kind, force_n in _forces(program):
        names = LIMITS + (HOLDS if kind in HOLDING else RAMPS)
        wide = [f"{name} = {number(values[name])}" for name in names if name in values and values[name] > force_n]
        if wide:
            text = f"at {number(force_n)} N these limits see nothing, for they are wider: {', '.join(wide)}"
            found.append(f"step {place} ({kind}): {text}")
    return found


def _forces(program: Mapping[str, Any]) -> Iterator[tuple[int, str, float]]:
    """(step from 1, kind, the lowest force that it works at / N); nothing for a step without force, or whose force is not known."""
    area_um2, stands_cn = program.get("area_um2", 0), 0
    for place, step in enumerate(program["steps"], 1):
        kind = kinds.OF[step["do"]]
        levels = [level for _, level in kind.levels(kinds.filled(step), area_um2, stands_cn)]
        stands_cn = levels[-1] if levels else stands_cn
        works_at = [level for level in levels or [stands_cn] if level]
        if works_at and not kind.vents and "valve" in kind.needs:
            yield place, kind.name, min(works_at) / 100
