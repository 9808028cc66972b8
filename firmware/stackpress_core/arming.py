"""What must be right before the press may be armed: one row a check, and all that fail are told at once.

The interlocks watch a press that is armed; these rows say beforehand, in the operator's words, why arming would be refused.
"""

from stackpress_core import calibration, switches
from stackpress_core.tick import blackboard, states

AT = blackboard.AT


def _inputs_open(a, *names):
    bits = a.readings.inputs
    return any(not bits & blackboard.IN[name] for name in names)


def _document_problem(a, name):
    problem = a.settings.problems.get(name)
    return "%s: %s" % (name, problem) if problem else ""


def _image_problem(a):
    return getattr(a.settings.board, "image_told", "")


# code, failing(arming), text or a function of arming
CHECKS = (
    ("state", lambda a: a.readings.state != states.SAFE, lambda a: "the press is %s, not safe" % a.readings.state_name),
    ("config", lambda a: "config" in a.settings.problems, lambda a: _document_problem(a, "config")),
    ("ceilings", lambda a: "ceilings" in a.settings.problems, lambda a: _document_problem(a, "ceilings")),
    ("calibration", lambda a: "calibration" in a.settings.problems, lambda a: _document_problem(a, "calibration")),
    ("commissioning_zero", lambda a: "zero" in a.settings.problems, lambda a: _document_problem(a, "zero")),
    ("valve", lambda a: a.settings.params["valve_kind"] == states.KIND_NONE,
     "this is a manual press: nothing can be driven, use monitor"),
    ("estop", lambda a: _inputs_open(a, "estop_a", "estop_b"), "the emergency stop is pressed or its wire is broken"),
    ("guard", lambda a: _inputs_open(a, "guard_a", "guard_b"), "the guard is open"),
    ("discrepancy", lambda a: a.readings.row_exceeds("discrepancy"), "two channels of one safety switch disagree"),
    ("discrepancy", lambda a: a.readings.pairs.stuck, lambda a: switches.told(a.readings.pairs.stuck)),
    ("overpressure", lambda a: _inputs_open(a, "pressure_ok"), "the over-pressure switch is open"),
    ("supply", lambda a: _inputs_open(a, "supply_ok"),
     "the valves' supply is low, the safety relay is not in, or the panel that watches them does not answer"),
    ("travel", lambda a: _inputs_open(a, "travel_ok"), "the ram stands at its travel limit"),
    ("stale", lambda a: a.readings.row_exceeds("stale"), "no believable sample arrives from the load cells"),
    ("rail", lambda a: a.readings.row_exceeds("rail"), "a load cell's signal is at the converter's rail"),
    ("frozen", lambda a: a.readings.row_exceeds("frozen"), "a load cell repeats one code"),
    ("crc", lambda a: a.readings.row_exceeds("crc"), "samples arrive with a wrong checksum"),
    ("chip_reset", lambda a: a.readings.row_exceeds("chip_reset"),
     "the converter restarted by itself: acknowledge it with a reset"),
    ("imbalance", lambda a: a.readings.row_exceeds("imbalance"), "the load cells disagree: take the zero again"),
    ("stop_button", lambda a: a.readings.inputs & blackboard.IN["stop"], "the stop button is held"),
    ("store", lambda a: not a.store_keeps,
     lambda a: "the store of documents takes nothing: %s" % (a.store_told or "starts can't be told apart")),
    ("zero", lambda a: a.calibrator.zero_off(), lambda a: "the force is not zero: %s" % a.calibrator.zero_off()),
    ("zero", lambda a: a.calibrator.dead(), lambda a: calibration.DEAD % a.calibrator.dead()),
    ("temperature", lambda a: a.readings.row_exceeds("temperature"), "a platen is too hot"),
    ("storage", lambda a: a.S[AT["SIG_STORAGE"]] and a.settings.params["storage_reaction"], "the journal can't be written"),
    ("storage", lambda a: a.journal.missing and not a.settings.params["journal_in_ram"],
     lambda a: "%s: the log would be gone with the power (journal_in_ram allows it)" % a.journal.missing),
    ("log_full", lambda a: a.S[AT["SIG_LOG"]] and a.settings.params["log_full_reaction"],
     "unpulled records were overwritten: pull the log"),
    ("image", _image_problem, _image_problem),
    ("crash", lambda a: a.S[AT["SIG_CRASH"]], "the firmware crashed or hung before this start: acknowledge it with a reset"),
)


class Arming:
    """What the checks look at."""

    def __init__(self, S, readings, settings, calibrator, journal, store_keeps, store_told=""):
        self.S = S
        self.readings = readings
        self.settings = settings
        self.calibrator = calibrator
        self.journal = journal
        self.store_keeps = store_keeps
        self.store_told = store_told

    def failing(self):
        """[(code, text), ...] of every check that fails; empty if the press may be armed."""
        return [(code, text if isinstance(text, str) else text(self)) for code, fails, text in CHECKS if fails(self)]
