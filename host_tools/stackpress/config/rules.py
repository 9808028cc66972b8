"""What a press file may not ask for: limits that contradict each other, the ceilings, or the board.

One function a rule, and its row in RULES. A rule names the key that is to be changed, says what is wrong and what would be
right; the bounds of each single parameter are not here, they stand in the parameter's own row.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .board import Board
from .ceilings import Ceilings
from .numbers import number
from .schema import ParamValue

# key, what is wrong, what would be right
Finding = tuple[str, str, str]


@dataclass(frozen=True)
class Facts:
    """All that a rule may look at. `values` has every parameter, defaults included."""

    values: dict[str, ParamValue]
    board: Board
    ceilings: Ceilings | None

    def number(self, key: str) -> float:
        """A parameter that is a number."""
        return float(self.values[key])

    def cells_of(self, mask_key: str) -> list[int]:
        """Indexes of the cells that a mask names."""
        mask = int(self.number(mask_key))
        return [i for i in range(int(self.number("cell_count"))) if mask >> i & 1]


def findings(facts: Facts) -> Iterator[Finding]:
    """All that is impossible, in the order of the rules."""
    for rule in RULES:
        yield from rule(facts)


def _board_has_what_is_asked(facts: Facts) -> Iterator[Finding]:
    kind = str(facts.values["valve_kind"])
    wanted = [("valve_kind", kind)] if kind != "none" else []
    wanted += [("valve_kind", need) for need in ("dump", "permissive") if kind != "none"]
    wanted += [("low_range_mask", "two_ranges")] if facts.number("low_range_mask") else []
    for key, need in wanted:
        if need not in facts.board.capabilities:
            has = ", ".join(sorted(facts.board.capabilities)) or "nothing"
            text = f'{facts.values[key]} needs "{need}", which board {facts.board.name} does not have'
            yield key, text, f"another value, or a board with {need} (this one has: {has})"


def _converter_has_the_cells(facts: Facts) -> Iterator[Finding]:
    converter, count = facts.board.converter, int(facts.number("cell_count"))
    if converter and count > converter.channels:
        text = f"{count} cells, but the {converter.name} of board {facts.board.name} has {number(converter.channels)}"
        yield "cell_count", text, f"at most {converter.channels}, or a board with another converter"


def _converter_has_the_rate(facts: Facts) -> Iterator[Finding]:
    converter, hz, rates = facts.board.converter, facts.number("tick_rate_hz"), facts.board.tick_rates
    if rates and hz not in rates:
        right = ", ".join(map(str, facts.board.usable_rates))
        text = f"the {converter.name} of board {facts.board.name} has no {number(hz)} Hz" if converter else ""
        yield "tick_rate_hz", text, f"one of {right}, or a carrier with another oscillator"


def _permissive_outlives_a_tick(facts: Facts) -> Iterator[Finding]:
    """The one-shot behind the permissive holds for longer than the 1.25 periods that a tick may be late."""
    slowest_hz = facts.board.slowest_hz
    if facts.number("tick_rate_hz") < slowest_hz:
        text = f"the permissive's one-shot of {facts.board.settings['one_shot_ms']} ms would drop between two ticks"
        yield "tick_rate_hz", text, f"at least {slowest_hz}, or a board with a longer one"


def _samples_are_not_stale(facts: Facts) -> Iterator[Finding]:
    converter, hz = facts.board.converter, facts.board.sample_hz
    if converter and hz and facts.number("stale_ms") * hz <= 1000:
        period_ms = 1000 / hz
        text = f"the {converter.name} gives a sample every {number(period_ms)} ms: each would be stale before the next"
        yield "stale_ms", text, f"at least {number(-(-2 * period_ms // 1))}"


def _force_limit_below_ceilings(facts: Facts) -> Iterator[Finding]:
    if facts.ceilings is None:
        return
    capacity = sum(
        facts.ceilings.cell_n[i] for i in facts.cells_of("high_range_mask") if i < len(facts.ceilings.cell_n)
    )
    ceilings = (
        (facts.ceilings.frame_n, "the frame's rating"),
        (facts.ceilings.relief_n, "the relief valve's setting"),
        (capacity, "what the high-range cells bear together"),
    )
    limit = facts.number("force_limit_n")
    lowest, name = min(ceilings)
    if limit > lowest:
        yield "force_limit_n", f"{number(limit)} N is above {name}, {number(lowest)} N", f"at most {number(lowest)}"


def _cell_limit_below_capacity(facts: Facts) -> Iterator[Finding]:
    if facts.ceilings is None:
        return
    cells = [i for i in facts.cells_of("high_range_mask") if i < len(facts.ceilings.cell_n)]
    weakest = min((facts.ceilings.cell_n[i], i) for i in cells) if cells else (float("inf"), 0)
    limit = facts.number("cell_limit_n")
    if limit > weakest[0]:
        text = f"{number(limit)} N is above the capacity of cell {weakest[1] + 1}, {number(weakest[0])} N"
        yield "cell_limit_n", text, f"at most {number(weakest[0])}"


def _every_cell_has_a_capacity(facts: Facts) -> Iterator[Finding]:
    count = int(facts.number("cell_count"))
    if facts.ceilings is not None and len(facts.ceilings.cell_n) < count:
        known = len(facts.ceilings.cell_n)
        yield "cell_count", f"{count} cells, but cell_capacity_n has {known}", f"cell_capacity_n with {count} entries"


def _no_capacity_without_a_cell(facts: Facts) -> Iterator[Finding]:
    """What the press itself has is not judged by this: its record always has room for every channel."""
    count = int(facts.number("cell_count"))
    if facts.ceilings is not None and len(facts.ceilings.cell_n) > count:
        known = len(facts.ceilings.cell_n)
        yield "cell_count", f"{count} cells, but cell_capacity_n has {known}", f"cell_capacity_n with {count} entries"


def _hand_over_below_low_cell(facts: Facts) -> Iterator[Finding]:
    if facts.ceilings is None:
        return
    cells = [i for i in facts.cells_of("low_range_mask") if i < len(facts.ceilings.cell_n)]
    capacity = sum(facts.ceilings.cell_n[i] for i in cells)
    up = facts.number("range_up_n")
    if cells and up > capacity:
        text = f"hands over at {number(up)} N, above the low range's capacity of {number(capacity)} N"
        yield "range_up_n", text, f"at most {number(capacity)}; 85 % of it is usual: {number(capacity * 0.85)}"


def _drive_can_reach_limit(facts: Facts) -> Iterator[Finding]:
    limit, full = facts.number("force_limit_n"), facts.number("valve_full_scale_n")
    if facts.values["valve_kind"] == "regulator" and limit > full:
        text = f"the drive ends at valve_full_scale_n = {number(full)} N, below this limit"
        yield "force_limit_n", text, f"at most {number(full)}"


def _contact_below_approach(facts: Facts) -> Iterator[Finding]:
    contact, approach = facts.number("contact_force_n"), facts.number("approach_force_n")
    if contact >= approach:
        text = f"{number(contact)} N is not below approach_force_n = {number(approach)} N: contact is never seen"
        yield "contact_force_n", text, f"below {number(approach)}"
    limit = facts.number("force_limit_n")
    if approach > limit:
        text = f"{number(approach)} N is above force_limit_n = {number(limit)} N"
        yield "approach_force_n", text, f"at most {number(limit)}"


def _tick_fits(facts: Facts) -> Iterator[Finding]:
    period_us = 1e6 / facts.number("tick_rate_hz")
    if facts.number("tick_budget_us") > period_us:
        text = f"{number(facts.number('tick_budget_us'))} us is longer than one tick"
        yield "tick_budget_us", text, f"at most {number(int(period_us))} at {number(facts.number('tick_rate_hz'))} Hz"
    if facts.number("stale_ms") * 1000 < period_us:
        text = f"{number(facts.number('stale_ms'))} ms is shorter than one tick: every sample would be stale"
        yield "stale_ms", text, f"at least {number(-(-period_us // 1000))}"


Rule = Callable[[Facts], Iterator[Finding]]

# Those that compare with the ceilings are judged twice: against the file's, and at a push against the press's own.
CEILING_RULES: tuple[Rule, ...] = (
    _every_cell_has_a_capacity,
    _force_limit_below_ceilings,
    _cell_limit_below_capacity,
    _hand_over_below_low_cell,
)
RULES: tuple[Rule, ...] = (
    _board_has_what_is_asked,
    _converter_has_the_cells,
    _converter_has_the_rate,
    _permissive_outlives_a_tick,
    _samples_are_not_stale,
    *CEILING_RULES,
    _no_capacity_without_a_cell,
    _drive_can_reach_limit,
    _contact_below_approach,
    _tick_fits,
)
