"""What must be right before the press may be armed: one row a check, and all that fail are told at once.

The interlocks watch a press that is armed; these rows say beforehand, in the operator's words, why arming would be refused.
"""

from stackpress_core import switches
from stackpress_core.tick import states, words

AT = words.AT


def _inputs_open(press, *names):
    bits = press.S[AT["INPUTS"]]
    return any(not bits & words.IN[name] for name in names)



def _document_problem(press, name):
    problem = press.problems.get(name)
    return "%s: %s" % (name, problem) if problem else ""


# code, failing(press), text or a function of the press
CHECKS = (
    ("state", lambda p: p.state != states.SAFE, lambda p: "the press is %s, not safe" % p.state_name),
    ("config", lambda p: "config" in p.problems, lambda p: _document_problem(p, "config")),
    ("ceilings", lambda p: "ceilings" in p.problems, lambda p: _document_problem(p, "ceilings")),
    ("calibration", lambda p: "calibration" in p.problems, lambda p: _document_problem(p, "calibration")),
    ("commissioning_zero", lambda p: "zero" in p.problems, lambda p: _document_problem(p, "zero")),
    ("valve", lambda p: p.params["valve_kind"] == states.KIND_NONE, "this is a manual press: nothing can be driven, use monitor"),
    ("estop", lambda p: _inputs_open(p, "estop_a", "estop_b"), "the emergency stop is pressed or its wire is broken"),
    ("guard", lambda p: _inputs_open(p, "guard_a", "guard_b"), "the guard is open"),
    ("discrepancy", lambda p: p.row_exceeds("discrepancy"), "two channels of one safety switch disagree"),
    ("discrepancy", lambda p: p.pairs.stuck, lambda p: switches.told(p.pairs.stuck)),
    ("overpressure", lambda p: _inputs_open(p, "pressure_ok"), "the over-pressure switch is open"),
    ("supply", lambda p: _inputs_open(p, "supply_ok"), "the supply is low, or the panel that watches it does not answer"),
    ("travel", lambda p: _inputs_open(p, "travel_ok"), "the ram stands at its travel limit"),
    ("stale", lambda p: p.row_exceeds("stale"), "no believable sample arrives from the load cells"),
    ("rail", lambda p: p.row_exceeds("rail"), "a load cell's signal is at the converter's rail"),
    ("frozen", lambda p: p.row_exceeds("frozen"), "a load cell repeats one code"),
    ("crc", lambda p: p.row_exceeds("crc"), "samples arrive with a wrong checksum"),
    ("chip_reset", lambda p: p.row_exceeds("chip_reset"), "the converter restarted by itself: acknowledge it with a reset"),
    ("imbalance", lambda p: p.row_exceeds("imbalance"), "the load cells disagree: take the zero again"),
    ("stop_button", lambda p: p.S[AT["INPUTS"]] & words.IN["stop"], "the stop button is held"),
    ("store", lambda p: not p.store_keeps, "the store of documents takes nothing: starts can't be told apart"),
    ("zero", lambda p: p.zero_is_off(), lambda p: "the force is not zero: %s" % p.zero_text()),
    ("temperature", lambda p: p.row_exceeds("temperature"), "a platen is too hot"),
    ("storage", lambda p: p.S[AT["SIG_STORAGE"]] and p.params["storage_reaction"], "the journal can't be written"),
    ("storage", lambda p: p.journal_missing and not p.params["journal_in_ram"],
     lambda p: "%s: the log would be gone with the power (journal_in_ram allows it)" % p.journal_missing),
    ("log_full", lambda p: p.S[AT["SIG_LOG"]] and p.params["log_full_reaction"], "unpulled records were overwritten: pull the log"),
    ("crash", lambda p: p.S[AT["SIG_CRASH"]], "the firmware crashed or hung before this start: acknowledge it with a reset"),
)


def failing(press):
    """[(code, text), ...] of every check that fails; empty if the press may be armed."""
    return [(code, text if isinstance(text, str) else text(press)) for code, fails, text in CHECKS if fails(press)]
