"""How a contact closes on its specimen: how fast it may; one reckoning for press, tick and checker.

What moves a free ram is what the specimen gets that stops it, and what the drive rises by until force or travel are seen to answer
comes on top. So a contact is no faster than its force allows, and its last newtons come slowly.
"""

from stackpress_core.tick import states

LANDING_LAGS = 3  # the force that is left is closed in this many lags: a loop with such a lag does not overshoot
SCALE_MS = 32  # filter of the ram's speed, see tuning.py
SOLENOID_MS = 10  # a seat valve closes sooner than a regulator follows
SAMPLES = 4  # of a converter, until its filter has settled
SLOWER = 4  # than until something answers, once the drive is through the valve's hysteresis
OF_FORCE_PERMILLE = 700  # of the contact force may be there at the touch,
TOUCH_CN = 1000  # and this, so that a small force does not take for ever;
MOST_CN = 10000  # more than this never is


def lag_ms(values, sample_hz):
    """From a drive that rises to a force or a travel that is seen to; `sample_hz` of the converter."""
    valve = SOLENOID_MS if values["valve_kind"] == states.KIND_FILL_VENT else values["valve_lead_ms"] + SCALE_MS
    return valve + values["filter_ms"] + SAMPLES * 1000 // sample_hz


def fastest_cn_per_s(values):
    """How fast the drive may rise while nothing has answered: solenoids can't be asked for more than an open valve gives."""
    rate = values["approach_rate_cn_per_s"]
    return min(rate, values["fill_rate_cn_per_s"]) if values["valve_kind"] == states.KIND_FILL_VENT else rate


def speed_um_per_s(to_cn, asked, values):
    """The speed of a contact that asks for `asked` um/s."""
    touch_cn = min(to_cn * OF_FORCE_PERMILLE // 1000 + TOUCH_CN, MOST_CN)
    return max(1, min(asked, touch_cn * values["ram_speed_um_per_s_per_n"] // 100))


def rate_cn_per_s(speed, values, lag, has_scale):
    """How fast a regulator's drive rises once it is through its hysteresis: the ram must not be faster by the time that is seen."""
    rate = values["approach_rate_cn_per_s"] // SLOWER
    if not has_scale:
        rate //= SLOWER  # nobody sees the ram move: it has to be slow all the way
    return max(1, min(rate, speed * 100000 // (values["ram_speed_um_per_s_per_n"] * 2 * lag)))
