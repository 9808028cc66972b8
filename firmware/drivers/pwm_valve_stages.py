# ruff: noqa: F821 - the names are filled in when the tick is compiled
"""The proportional valve's duty: one word into the compare register of its PWM slice (RP2040 datasheet 4.5.3)."""

import micropython


@micropython.viper
def drive(blackboard):
    s = ptr32(blackboard)
    c = ptr32(ptr32(_BASE)[_VALVE_CC])
    c[0] = s[_CODE] << 16 * (_PIN_VALVE_PWM & 1)
