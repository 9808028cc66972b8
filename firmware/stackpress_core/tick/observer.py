"""What the drive says against what the cells say: an observer that does not share the loop's belief.

The loop believes its cells. Where they read low, or no longer follow, it pushes until they read what it wants, and no limit of the
force sees it. But a regulator was told what to give: what it gives and what the cells read may differ by hysteresis, friction and
scale, and by no more. In a hold that has lasted the usual difference is known, and much less than all that is too much. A ramp that
stays behind has rows of its own, as long as its cells read anything: a lost air supply is told as such.
"""

import micropython
from micropython import const

# words (written by layout.py)
_KIND_REGULATOR = const(1)
_MODE_FORCE = const(2)
_FORCE_F = const(42)
_SIG_RAMP = const(72)
_SIG_DRIVE = const(75)
_MODE = const(101)
_DRIVE_USUAL = const(127)
_REACHED = const(128)
_DRIVE = const(148)
_K_DRIVE = const(201)
_K_CONTACT = const(203)
_K_KIND = const(204)
_K_HYSTERESIS = const(206)
_K_SETTLE = const(207)
# end of words


@micropython.viper
def observe(blackboard):
    """How much more the regulator is told to give than the cells read, beyond what that may be."""
    s = ptr32(blackboard)
    if s[_K_KIND] != _KIND_REGULATOR:
        return  # see stiffness.py
    s[_SIG_DRIVE] = -1
    if s[_MODE] != _MODE_FORCE:
        return
    force = s[_FORCE_F]
    apart = s[_DRIVE] - force
    usual = 0
    allowed = s[_K_DRIVE] + (force >> 4)
    rested = s[_REACHED] - (s[_K_SETTLE] << 3)
    if rested > 0:
        usual = s[_DRIVE_USUAL]
        allowed = (s[_K_DRIVE] >> 1) + s[_K_HYSTERESIS] + (force >> 7)
    else:
        s[_DRIVE_USUAL] = apart
        if force > s[_K_CONTACT] and s[_SIG_RAMP] > 0 and s[_REACHED] == 0:
            return
    s[_SIG_DRIVE] = apart - usual - allowed
