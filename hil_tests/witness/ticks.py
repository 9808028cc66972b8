"""Random ticks on a core by itself beside the Python stages: how many words of blackboard and recorder come out otherwise."""

import random
from array import array

from random_ticks import RING, configured, meet  # type: ignore[import-not-found]  # firmware/tests
from stackpress_core.tick import blackboard
from stackpress_core.tick.tick import tick as python_tick

from hil_tests.targets.machine_code import Core


def differing(core: Core, seed: int, count: int) -> int:
    """Words that differ after `count` ticks, each counted once; both go on from the Python stages' blackboard."""
    chance, ring, found = random.Random(seed), bytearray(RING), 0
    s = configured(chance)
    core.put("ring", ring)
    for n in range(count):
        meet(s, chance, n)
        core.put("blackboard", s)
        python_tick(s, ring)
        core.run()
        theirs, recorded = array("i", core.get("blackboard", 4 * blackboard.LENGTH)), core.get("ring", RING)
        if theirs != s or recorded != ring:
            found += sum(a != b for a, b in zip(theirs, s, strict=True)) + sum(a != b for a, b in zip(recorded, ring, strict=True))
            core.put("ring", ring)
    return found
