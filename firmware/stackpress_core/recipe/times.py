"""How long a program takes: for each step what is expected, and the longest that its time-outs allow.

"Time left" on a display is made of the expected times; they are guesses where a step waits for something.
"""

from stackpress_core.recipe.levels import filled, level_cn, points_cn, rate_cn_per_s, target_cn

SLACK_MS = 30_000
_CONTACT_GUESS_MS = 20_000
_VENT_GUESS_MS = 5_000


def move_limit_ms(distance_cn, rate):
    """The longest time that a set-point movement may take when nobody said otherwise."""
    return 2 * (abs(distance_cn) * 1000 // rate) + SLACK_MS


def estimate(program):
    """For each step of a valid program (expected ms, longest ms)."""
    area = program.get("area_um2", 0)
    set_cn = 0
    times = []
    for step in program["steps"]:
        full = filled(step)
        expected, longest, set_cn = _times(full, area, set_cn)
        if "temperature_min_cc" in full or "temperature_max_cc" in full:
            longest += full["temperature_timeout_ms"]
        times.append((expected, longest))
    return times


def _times(step, area, set_cn):
    kind = step["do"]
    if kind == "contact":
        guess = _CONTACT_GUESS_MS
        if "travel_nm" in step and "speed_um_per_s" in step:
            guess = step["travel_nm"] // step["speed_um_per_s"] // 2
        return min(guess, step["timeout_ms"]), step["timeout_ms"], target_cn(step, area, set_cn)
    if kind in ("ramp", "release"):
        goal, rate = target_cn(step, area, set_cn), rate_cn_per_s(step, "rate", area)
        move = abs(goal - set_cn) * 1000 // rate
        return move, step["timeout_ms"] or 2 * move + SLACK_MS, goal
    if kind == "cycle":
        return _cycle_times(step, area, set_cn)
    if kind == "sweep":
        return _sweep_times(step, area, set_cn)
    if kind == "vent":
        return min(_VENT_GUESS_MS, step["timeout_ms"]), step["timeout_ms"], 0
    if "for_ms" in step:
        return step["for_ms"], step["for_ms"], set_cn
    return _wait_times(step) + (set_cn,)


def _wait_times(step):
    least = step.get("at_least_ms", 0)
    limit = step["timeout_ms"]
    guess = limit
    if "until_settled_cn" in step or "until_settled_ppm" in step:
        guess = 2 * step["settled_for_ms"]
    elif "until_creep_nm_per_min" in step or "until_creep_cn_per_min" in step:
        guess = 4 * step["creep_window_ms"]
    return min(max(guess, least), limit), limit


def _cycle_times(step, area, set_cn):
    low, high = level_cn(step, "low", area), level_cn(step, "high", area)
    rate, count = rate_cn_per_s(step, "rate", area), step["count"]
    stroke = (high - low) * 1000 // rate
    first = abs(high - set_cn) * 1000 // rate
    dwells = count * (step["dwell_low_ms"] + step["dwell_high_ms"])
    expected = first + (2 * count - 1) * stroke + dwells
    limit = step["timeout_ms"]
    return expected, (2 * count * limit if limit else 2 * expected + 2 * count * SLACK_MS) + dwells, low


def _sweep_times(step, area, set_cn):
    rate, expected, longest = rate_cn_per_s(step, "rate", area), 0, 0
    for point in points_cn(step, area):
        move = abs(point - set_cn) * 1000 // rate
        pause = step["soak_ms"] + max(step["trigger_ms"], step["wait_trigger_ms"])
        expected += move + 2 * step["settled_for_ms"] + pause
        longest += 2 * move + SLACK_MS + step["timeout_ms"] + pause
        set_cn = point
    return expected, longest, set_cn
