"""What is measured, and how: each function takes a fresh press to one answer. Nothing here asks the firmware's clock.

A result is {figure: value}; further keys say how it came about and are told, not judged.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from stackpress_core.tick import interlock
from stackpress_plant import state
from stackpress_plant.sensors import cells

from hil_tests.bench.board.journal import losses
from hil_tests.bench.board.rig import Rig, forked
from hil_tests.bench.board.ticks import Ticks

Result = dict[str, Any]
Say = Callable[[str], None]
DEPTH = 6  # requests under way
ALTERNATELY = ("LOG:READ?", "MEAS:FORC?")
BY_THEMSELVES_S, PROVOKED_EVERY_S = 1.0, 0.25
RAMP_CN_PER_S = 10_000_000  # 100 kN/s


def middle(values: list[float]) -> float:
    return values[len(values) // 2] if values else float("nan")


def worst(values: list[float]) -> float:
    return max(values, default=float("nan"))


def pressing(**settings: Any) -> Rig:
    return Rig(**settings).boot().press()


def ticks(say: Say, seconds: float = 5.0) -> Result:
    """The tick under the worst foreground load: download, flood, journal, collections; the force ramps up."""
    rig = pressing()
    seen, heap, host = Ticks(rig), rig.heap, rig.host
    assert heap is not None
    rig.run(0.05)
    missed, programs, began_ns = rig.word("MISSED"), rig.carrier.flash.programs, rig.now_ns
    seen.clear()
    host.load(DEPTH)
    off_n, by_themselves, due = 0.0, 0, min(BY_THEMSELVES_S, seconds / 2)
    while (t := (rig.now_ns - began_ns) / 1e9) < seconds:
        rig.run(0.025)
        off_n = max(off_n, abs(rig.force_n() - rig.word("SET") / 100))
        if t >= due:
            by_themselves = by_themselves or len(heap.collections)
            heap.provoke()
            due += PROVOKED_EVERY_S
            say(f"{t:.2f} of {seconds:g} s, {rig.force_n():.0f} N, worst tick {seen.lasted_us()[-1]:.1f} us")
    rig.need_pressing()
    host.load(0)
    lasted, found = seen.lasted_us(), heap.collections
    result: Result = {
        "tick_us_max": lasted[-1], "tick_us_p50": middle(lasted), "jitter_us_max": seen.jitter_us(rig.hz),
        "missed_ticks": max(seen.missed(), rig.word("MISSED") - missed),
        "heap_free_bytes": heap.size - worst([float(c.used_after) for c in found]),
        "heap_free_before_a_collection_bytes": heap.size - worst([float(c.used_before) for c in found]),
        "heap_bytes": heap.size, "ticks_measured": len(lasted), "entry_us_p50": middle(seen.entry_us()),
        "tick_us_p99_9": lasted[len(lasted) * 999 // 1000], "simulated_s": seconds,
        "collections": len(found), "collections_by_themselves_in_first_s": by_themselves if seconds >= 2 else None,
        "collection_ms_max": worst([c.ms for c in found]), "nor_programs": rig.carrier.flash.programs - programs,
        "downloaded_bytes": host.pulled_bytes, "force_from_set_n_max": off_n, "force_n_at_end": rig.force_n(),
        "answer_ms_max": {name: round(worst(ms), 1) for name, ms in host.answered_ms.items()},
        "panel": rig.board["drivers"].get("panel", "none"),
    }  # fmt: skip
    settle(rig)
    return {**result, **losses(rig)}


def settle(rig: Rig) -> None:
    """Until every request has its answer."""
    end = rig.now_ns + 2e9
    while rig.host.waiting and rig.now_ns < end:
        rig.run(0.005)


def sustained(say: Say, hz: int = 8000, oscillator_hz: float = 8192000, seconds: float = 1.0) -> Result:
    """One second at a tick rate: whether any tick is missed, a question waits too long, or the journal loses anything."""
    name = f"at_{hz}_hz"
    rig = pressing(hz=hz, oscillator_hz=oscillator_hz)
    seen, heap, host = Ticks(rig), rig.heap, rig.host
    assert heap is not None
    rig.run(0.02)
    missed = rig.word("MISSED")
    seen.clear()
    host.answered_ms.clear()
    host.load(1, ALTERNATELY)
    for n in range(round(seconds / 0.05)):
        rig.run(0.05)
        if n % 10 == 5:
            heap.provoke()
            say(f"{hz} Hz: {n * 0.05:.2f} of {seconds:g} s")
    rig.need_pressing()
    host.load(0)
    settle(rig)
    lasted, answers = seen.lasted_us(), host.answered_ms.get("MEAS:FORC?", [])
    lost = max(seen.missed(), rig.word("MISSED") - missed)
    result = {"missed_ticks": lost, "tick_us_max": lasted[-1], "tick_us_p50": middle(lasted), "answers": len(answers),
              "answer_ms_max": worst(answers), "collection_ms_max": worst([c.ms for c in heap.collections]),
              "downloaded_bytes": host.pulled_bytes, "oscillator_hz": oscillator_hz, **losses(rig)}  # fmt: skip
    broke = [text for text, broken in (
        ("missed ticks", lost > 0), ("a question waited over 100 ms", not answers or max(answers) > 100),
        ("the journal lost records", result["records_missing"] + result["records_dropped"] > 0)) if broken]  # fmt: skip
    return {name: {**result, "held": not broke, "broke": broke}}


def to_pin(rig: Rig, role: str, do: Callable[[], None], limit_s: float) -> float:
    """From `do` to the fall of a pin / us; infinity if it stays."""
    fell: list[float] = []
    rig.carrier.wires.watch(rig.pin(role), lambda level: None if level else fell.append(rig.now_ns))
    began = rig.now_ns
    do()
    while not fell and rig.now_ns - began < limit_s * 1e9:
        rig.run(min(limit_s, 0.001))
    return (fell[0] - began) / 1000 if fell else float("inf")


def estop(say: Say, phases: int = 60) -> Result:
    """Both channels of the E-stop open at phases spread over a tick; until the dump valve's pin falls."""
    rig = pressing()
    rig.host.load(DEPTH)
    rig.run(0.02)

    def opened() -> None:
        rig.carrier.plant.fault("estop", 1)
        for role in ("estop_a", "estop_b"):
            rig.carrier.wires.drive(rig.pin(role), 0)

    found = []
    for n in range(phases):
        rig.run(0.001 + (1 + 1 / phases) / rig.hz)
        rig.need_pressing()
        found.append(forked(lambda: to_pin(rig, "dump", opened, 0.002)))
        if n % 20 == 19:
            say(f"E-stop {n + 1} of {phases}: worst {worst(found):.0f} us")
    return {"estop_to_vent_us_max": worst(found), "estop_to_vent_us_p50": middle(sorted(found)), "estop_phases": phases}


def overforce(say: Say, times: int = 12) -> Result:
    """Data-ready of the first sample above every ceiling to the dump valve's pin."""
    rig = pressing()
    rig.host.load(DEPTH)
    converter = rig.carrier.converter
    sample = converter.sample

    def once() -> float:
        ready: list[float] = []

        def high() -> list[int]:
            codes = list(sample())
            ready.append(rig.now_ns)
            return [8000000 - n % 7 for n in (len(ready), 3 * len(ready), 5 * len(ready))] + [codes[3]]

        converter.sample = high
        began = rig.now_ns
        return to_pin(rig, "dump", lambda: None, 0.003) - (ready[0] - began) / 1000

    found = []
    for _ in range(times):
        rig.run(0.003 + 0.37 / rig.hz)
        rig.need_pressing()
        found.append(forked(once))
    say(f"over-force: worst {worst(found):.0f} us of {times}")
    return {"overforce_to_vent_us_max": worst(found), "overforce_trials": times}


def overforce_true(say: Say, hz: int = 4000, phases: int = 60) -> Result:
    """A force of 100 kN/s crosses the ceiling at phases of a tick, and the converter's filter tells it late; to the same pin.

    The ceiling is set so close above what stands that nothing else is quicker, and that the filter has seen the ramp before.
    """
    rig = pressing(hz=hz)
    rig.host.load(DEPTH)
    P, S, converter = rig.carrier.plant.P, rig.carrier.blackboard, rig.carrier.converter
    stands_cn = P[state.FORCE] // 64
    ceiling_cn = stands_cn + RAMP_CN_PER_S // hz * 6
    ceiling = interlock.NAMES.index("ceiling_total")

    def once(late_ns: float) -> float:
        rig.set_limit(ceiling, ceiling_cn)
        began = rig.now_ns + late_ns
        crosses_ns = began + (ceiling_cn - stands_cn) * 1e9 / RAMP_CN_PER_S

        def ramp() -> list[int]:
            P[state.FORCE] = 64 * round(stands_cn + max(0.0, (rig.now_ns - began) * RAMP_CN_PER_S / 1e9))
            cells(S, P)
            return [S[rig.carrier.at["RAW"] + n] for n in range(4)]

        converter.sample = ramp
        asked = rig.now_ns
        return to_pin(rig, "dump", lambda: None, 0.006) - (crosses_ns - asked) / 1000

    found = []
    for n in range(phases):
        rig.run(1 / hz)
        rig.need_pressing()
        found.append(forked(partial(once, n / phases / hz * 1e9)))
        if n % 20 == 19:
            say(f"true over-force at {hz} Hz, {n + 1} of {phases}: worst {worst(found):.0f} us")
    name = "overforce_true" if hz == 4000 else f"overforce_true_{hz // 1000}k"
    return {f"{name}_us_max": worst(found), f"{name}_us_p50": middle(sorted(found)), f"{name}_phases": phases}


def deadman(say: Say, phases: int = 24) -> Result:
    """Interrupts off and an endless loop, wherever the processor is; until the last edge on the permissive's pin."""
    rig = pressing()
    rig.host.load(DEPTH)

    def hung() -> float:
        began = rig.now_ns
        rig.chip.go_in_circles(interrupts=False)
        rig.run(0.006)
        if rig.carrier.one_shot.alive:
            return float("inf")
        return max(0.0, (rig.carrier.one_shot.last_ns - began) / 1e6)

    found = []
    for _ in range(phases):
        rig.run(0.002 + (1 + 1 / phases) / rig.hz)
        rig.need_pressing()
        found.append(forked(hung))
    say(f"deadman: worst {worst(found):.3f} ms of {phases}")
    return {"deadman_ms_max": worst(found), "deadman_phases": phases, "one_shot_holds_ms": 1.0,
            "deadman_relay_ms_max": worst(found) + 1.0}  # fmt: skip


def usb_stop(say: Say, trials: int = 30) -> Result:
    """The stop byte during a download to the dump valve's pin; every third meets a collection that has just begun."""
    rig = pressing()
    heap = rig.heap
    assert heap is not None
    rig.host.load(2, ALTERNATELY)
    rig.run(0.05)
    Ticks(rig)

    def plain() -> float:
        return to_pin(rig, "dump", lambda: rig.chip.send(b"\x18"), 0.5) / 1000

    def collecting() -> float:
        heap.provoke()
        while not heap.collecting:
            rig.run(0.0001)
        return plain()

    found: dict[bool, list[float]] = {False: [], True: []}
    for n in range(trials):
        rig.run(0.0137)
        rig.need_pressing()
        collects = n % 3 == 0
        found[collects].append(forked(collecting if collects else plain))
        if n % 6 == 5:
            say(f"stop byte {n + 1} of {trials}: worst {worst(found[True] + found[False]):.1f} ms")
    return {"usb_stop_ms_max": worst(found[True] + found[False]), "usb_stop_ms_max_without_collection": worst(found[False]),
            "usb_stop_ms_p50": middle(sorted(found[True] + found[False])), "usb_stop_trials": trials,
            "usb_stop_trials_with_collection": len(found[True])}  # fmt: skip
