"""One tick: sense -> judge -> decide -> permit -> record. The whole press in one line of calls.

It runs whether data came or not, in a hard interrupt on a board: nothing here allocates, and nothing here may raise.
"""

from press.controller import propose
from press.force import sense
from press.guard import permit
from press.interlock import judge
from press.mailbox import command
from press.pulses import pulse
from press.recorder import record
from press.setpoint import setpoint


def tick(frame, ring, sense=sense, judge=judge, command=command, setpoint=setpoint, propose=propose, pulse=pulse,
         permit=permit, record=record):
    """Advance the press by one tick on `frame` (see press/frame.py); `ring` is the flight recorder's memory."""
    sense(frame)
    judge(frame)
    command(frame)
    setpoint(frame)
    propose(frame)
    pulse(frame)
    permit(frame)
    record(frame, ring)
