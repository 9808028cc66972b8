"""What must be right before the press may be armed: one row a check, and all that fail are told at once.

The interlocks watch a press that is armed; these rows say beforehand, in the operator's words, why arming would be refused. A row
is data, which a board has in its flash: thirty functions in a table were two kilobytes of its RAM.
"""

from stackpress_core import calibration, switches
from stackpress_core.tick import blackboard, states

# code, question of Arming, about what ("" where that is plain), text (without one the question says it itself)
CHECKS = (
    ("state", "not_safe", "", ""),
    ("config", "problem", "config", ""),
    ("ceilings", "problem", "ceilings", ""),
    ("calibration", "problem", "calibration", ""),
    ("commissioning_zero", "problem", "zero", ""),
    ("valve", "manual", "", "this is a manual press: nothing can be driven, use monitor"),
    ("estop", "opened", ("estop_a", "estop_b"), "the emergency stop is pressed or its wire is broken"),
    ("guard", "opened", ("guard_a", "guard_b"), "the guard is open"),
    ("discrepancy", "exceeds", "discrepancy", "two channels of one safety switch disagree"),
    ("discrepancy", "stuck", "", ""),
    ("overpressure", "opened", ("pressure_ok",), "the over-pressure switch is open"),
    ("supply", "opened", ("supply_ok",),
     "the valves' supply is low, the safety relay is not in, or the panel that watches them does not answer"),
    ("travel", "opened", ("travel_ok",), "the ram stands at its travel limit"),
    ("stale", "exceeds", "stale", "no believable sample arrives from the load cells"),
    ("rail", "exceeds", "rail", "a load cell's signal is at the converter's rail"),
    ("frozen", "exceeds", "frozen", "a load cell repeats one code"),
    ("crc", "exceeds", "crc", "samples arrive with a wrong checksum"),
    ("chip_reset", "exceeds", "chip_reset", "the converter restarted by itself: acknowledge it with a reset"),
    ("imbalance", "exceeds", "imbalance", "the load cells disagree: take the zero again"),
    ("stop_button", "pressed", "stop", "the stop button is held"),
    ("store", "unstored", "", ""),
    ("zero", "zero_off", "", ""),
    ("zero", "dead_cell", "", ""),
    ("temperature", "exceeds", "temperature", "a platen is too hot"),
    ("storage", "stops", "storage", "the journal can't be written"),
    ("storage", "unjournaled", "", ""),
    ("log_full", "stops", "log_full", "unpulled records were overwritten: pull the log"),
    ("image", "image", "", ""),
    ("crash", "signalled", "crash", "the firmware crashed or hung before this start: acknowledge it with a reset"),
)


class Arming:
    """What the checks look at, and their questions: something true, or a text, where the press may not be armed."""

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
        found = []
        for code, question, what, text in CHECKS:
            told = getattr(self, question)(what)
            if told:
                found.append((code, text or told))
        return found

    def not_safe(self, _):
        return self.readings.state != states.SAFE and "the press is %s, not safe" % self.readings.state_name

    def problem(self, name):
        told = self.settings.problems.get(name)
        return told is not None and "%s: %s" % (name, told)

    def manual(self, _):
        return self.settings.params["valve_kind"] == states.KIND_NONE

    def opened(self, names):
        return any([not self.pressed(name) for name in names])

    def pressed(self, name):
        return self.readings.inputs & blackboard.IN[name]

    def exceeds(self, row):
        return self.readings.row_exceeds(row)

    def stuck(self, _):
        stuck = self.readings.pairs.stuck
        return stuck and switches.told(stuck)

    def signalled(self, name):
        return self.S[blackboard.AT["SIG_" + name.upper()]]

    def stops(self, name):
        """Told by a signal, and this press is to stop for it."""
        signal = "log" if name == "log_full" else name
        return self.signalled(signal) and self.settings.params[name + "_reaction"]

    def unstored(self, _):
        told = self.store_told or "starts can't be told apart"
        return not self.store_keeps and "the store of documents takes nothing: %s" % told

    def zero_off(self, _):
        told = self.calibrator.zero_off()
        return told and "the force is not zero: %s" % told

    def dead_cell(self, _):
        cell = self.calibrator.dead()
        return cell and calibration.DEAD % cell

    def unjournaled(self, _):
        missing = "" if self.settings.params["journal_in_ram"] else self.journal.missing
        return missing and "%s: the log would be gone with the power (journal_in_ram allows it)" % missing

    def image(self, _):
        return getattr(self.settings.board, "image_told", "")
