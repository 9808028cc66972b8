"""What runs when the firmware has handed the port to a MicroPython prompt: nothing but the way back.

A board's `machine.reset()` starts main.py again; here the process ends, and the supervisor does that.
"""

import sys


class _Machine:
    def reset(self):
        sys.exit(4)

    def soft_reset(self):
        sys.exit(4)


sys.modules["machine"] = _Machine()
