"""What a tick may meet, at random: the same for the Python stages and for every machine code that is made of them."""

from array import array

from stackpress_core import params, tuning
from stackpress_core.tick import blackboard

RING = 1600
# What may be found in a word that anything in the press can have left there.
LEFT_OVER = ("SET", "SET_RATE", "DRIVE", "PROPOSED", "INTEGRAL", "REVERSAL", "FILTER", "PEAK", "RANGE_BIAS", "PULSE",
             "REACHED", "DISPLACEMENT", "APPROACH_REM", "ANSWER_AT", "ANSWER_DRIVE", "ANSWER_FORCE", "EFFORT", "WANTED_RATE", "T_SUB", "CONTACT_TICKS", "SPEED", "RAMP_ALLOWED",
             "SIG_OVERRUN")  # fmt: skip


def configured(chance, kind=blackboard.KIND_REGULATOR):
    """A blackboard as a press has it when it starts."""
    s = blackboard.new()
    tuning.compile_words(s, params.Values({"valve_kind": kind}), None, None)
    at = blackboard.AT
    s[at["RING_LEN"]], s[at["RING_LEFT"]], s[at["FIRST"]] = RING // 14, -1, -1
    s[at["K_HIGH_MASK"]], s[at["K_LOW_MASK"]] = chance.choice(((15, 0), (7, 8), (3, 12)))
    return s


def disturbed(chance, n):
    """Names of words and what the tick finds there: switches, orders, and now and then a state that nobody expects."""
    found = {"STATUS": chance.choice((0, 1, 1, 1, 1, 1, 3, 5))}
    found["INPUTS"] = blackboard.IN_HEALTHY if chance.random() < 0.98 else chance.randrange(4096)
    if chance.random() < 0.05:
        found.update(ORDER_STATE=chance.randrange(8), ORDER_MODE=chance.choice((0, 1, 2, 2, 2, 3, 4)), ORDER_SEQ=n,
                     ORDER_TARGET=chance.randrange(100000), ORDER_RATE=65536 * chance.choice((1, 20)),
                     ORDER_CORNER=chance.choice((600, 6000)), ORDER_LANDING=chance.choice((60, 600)))  # fmt: skip
    if chance.random() < 0.03:
        found.update(STATE=chance.randrange(8), MODE=chance.randrange(5), REACTION=chance.randrange(5), LATCHED=0,
                     TRIP_TICKS=chance.randrange(3), LANDING=60)  # fmt: skip
    if chance.random() < 0.05:
        found[chance.choice(LEFT_OVER)] = chance.choice((0, 1, -1, chance.randrange(-50000, 50000)))
    if chance.random() < 0.02:
        found.update(BANK_WANTED=chance.randrange(2), TRIGGER=chance.randrange(2), K_KIND=chance.randrange(3))
    return found


def meet(s, chance, n):
    """Put the n-th tick's surprises and samples into a blackboard."""
    for name, value in disturbed(chance, n).items():
        s[blackboard.AT[name]] = value
    span = chance.choice((8000, 400000, 8388607))
    codes = [chance.choice((-span, span, chance.randrange(-span, span))) for _ in range(blackboard.CELLS)]
    s[0 : blackboard.CELLS] = array("i", [code if chance.random() < 0.9 else s[i] for i, code in enumerate(codes)])
