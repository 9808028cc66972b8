"""How long a step takes: what is expected, and the longest that its time-outs allow, each in ms; one function a manner of moving.

A function gets the step with its defaults, the rate in cN/s (0: it has none), where the set-point begins, the step's levels, and
how long this press rounds a corner (`corner_ms`).
"Time left" on a display is made of the expected times; they are guesses where a step waits for something.
"""

SLACK_MS = 30_000
CORNER_MS = 600  # of a press that nobody has described: the parameter's default
_CORNERS = 4  # of a move, in times of one: half of it at the start, 3.5 to land
_CONTACT_GUESS_MS = 20_000
_VENT_GUESS_MS = 5_000
_PERSON_GUESS_MS = 60_000


def move_ms(distance_cn, rate):
    return abs(distance_cn) * 1000 // rate


def landed_ms(distance_cn, rate, corner_ms):
    """What a movement is expected to take, its corners included; a short one never gets fast."""
    straight = move_ms(distance_cn, rate)
    return straight + min(_CORNERS * corner_ms, 16 * straight)


def move_limit_ms(distance_cn, rate):
    """The longest time that a set-point movement may take when nobody said otherwise."""
    return 2 * move_ms(distance_cn, rate) + SLACK_MS


def approach(step, rate, start_cn, levels_cn, corner_ms):
    guess, limit = _CONTACT_GUESS_MS, step["timeout_ms"]
    if "travel_nm" in step:
        guess = step["travel_nm"] // step["speed_um_per_s"] // 2
    return min(guess, limit), limit


def move(step, rate, start_cn, levels_cn, corner_ms):
    distance = levels_cn[0] - start_cn
    return landed_ms(distance, rate, corner_ms), step["timeout_ms"] or move_limit_ms(distance, rate)


def vent(step, rate, start_cn, levels_cn, corner_ms):
    limit = step["timeout_ms"]
    return min(_VENT_GUESS_MS, limit), limit


def wait(step, rate, start_cn, levels_cn, corner_ms):
    """A told time, else until a condition holds."""
    if "for_ms" in step:
        return step["for_ms"], step["for_ms"]
    guess = limit = step["timeout_ms"]
    if "until_settled_cn" in step or "until_settled_ppm" in step:
        guess = 2 * step["settled_for_ms"]
    elif "until_creep_nm_per_min" in step or "until_creep_cn_per_min" in step:
        guess = 4 * step["creep_window_ms"]
    return min(max(guess, step.get("at_least_ms", 0)), limit), limit


def person(step, rate, start_cn, levels_cn, corner_ms):
    """Until somebody comes."""
    limit = step["timeout_ms"]
    return min(_PERSON_GUESS_MS, limit), limit


def strokes(step, rate, start_cn, levels_cn, corner_ms):
    high, low = levels_cn
    count, limit = step["count"], step["timeout_ms"]
    dwells = count * (step["dwell_low_ms"] + step["dwell_high_ms"])
    stroke = landed_ms(high - low, rate, corner_ms)
    expected = landed_ms(high - start_cn, rate, corner_ms) + (2 * count - 1) * stroke + dwells
    return expected, (2 * count * limit if limit else 2 * expected + 2 * count * SLACK_MS) + dwells


def visits(step, rate, start_cn, levels_cn, corner_ms):
    expected = longest = 0
    pause = step["soak_ms"] + max(step["trigger_ms"], step["wait_trigger_ms"])
    for level_cn in levels_cn:
        distance = level_cn - start_cn
        expected += landed_ms(distance, rate, corner_ms) + 2 * step["settled_for_ms"] + pause
        longest += move_limit_ms(distance, rate) + step["timeout_ms"] + pause
        start_cn = level_cn
    return expected, longest
