"""One tick: sense -> watch -> judge -> decide -> permit -> record. The whole press in one line of calls.

It runs whether data came or not, in a hard interrupt on a board: nothing here allocates, and nothing here may raise.
"""

from stackpress_core.tick.approach import approach
from stackpress_core.tick.controller import propose
from stackpress_core.tick.dump import dump
from stackpress_core.tick.force import sense
from stackpress_core.tick.judge import compare, judge, watch
from stackpress_core.tick.mailbox import obey
from stackpress_core.tick.observer import observe
from stackpress_core.tick.permit import permit
from stackpress_core.tick.pulses import pulse
from stackpress_core.tick.recorder import record
from stackpress_core.tick.setpoint import setpoint


def tick(blackboard, ring, sense=sense, watch=watch, compare=compare, dump=dump, observe=observe, judge=judge, obey=obey,
         setpoint=setpoint, approach=approach, propose=propose, pulse=pulse, permit=permit, record=record):
    """Advance the press by one tick on `blackboard` (tick/blackboard.py); `ring` is the flight recorder's memory."""
    sense(blackboard)
    watch(blackboard)
    compare(blackboard)
    dump(blackboard)
    observe(blackboard)
    judge(blackboard)
    obey(blackboard)
    setpoint(blackboard)
    approach(blackboard)
    propose(blackboard)
    pulse(blackboard)
    permit(blackboard)
    record(blackboard, ring)
