"""Which documents are in force: stored ones judged and put into the words, new ones taken while the press is safe.

What is missing, torn or foreign is told by `problems` and keeps the press from being armed; it never keeps it from starting.
"""

import json
import sys

import stackpress_core
from stackpress_core import document_rules, params, tuning
from stackpress_core.errors import Refused
from stackpress_core.recipe import program
from stackpress_core.recipe.fields import STEPS_MAX
from stackpress_core.tick import blackboard, states

AT = blackboard.AT
REQUIRED = ("config", "ceilings", "calibration")
IDLE = (states.SAFE, states.SERVICE, states.MONITOR)
GUARDED = ("ceilings", "calibration", "zero")  # written and removed in service only; a zero that was measured is within its band
CELLS = ("cell_count", "high_range_mask", "low_range_mask")  # belong to the calibration
SERVICE = "%s: this needs the owner's code (SYSTem:PASSword:CENable)"


def seldom(module, ask, *args):
    """What a function of `owner`, `changes` or `steering` says; their RAM is given back: seldom asked, and memory is dear."""
    if module == "owner":
        from stackpress_core import owner

        answer = getattr(owner, ask)
    elif module == "steering":
        from stackpress_core import steering

        answer = getattr(steering, ask)
    else:
        from stackpress_core import changes

        answer = getattr(changes, ask)
    try:
        return answer(*args)
    finally:
        del sys.modules["stackpress_core." + module]
        delattr(stackpress_core, module)


class Settings:
    """Keeps the words `S` and the Values `params` as the documents say; `changed` holds who is told the name of a new one."""

    def __init__(self, S, params, readings, documents, board):
        self.S = S
        self.params = params
        self.readings = readings
        self.documents = documents
        self.board = board
        self.steps_most = getattr(board, "settings", {}).get("program_steps", STEPS_MAX)  # of a program: as its memory allows
        self.work = getattr(board, "still_at_work", int)  # a long document takes a small chip as long as its watchdog waits
        self.problems = {}
        self.changed = []
        self.open = False  # the owner's code was given, and nobody has left service since
        document_rules.register(documents, board, self.program_limits)

    def load(self):
        """Put the stored documents in force; what is missing or bad is told by `problems` and keeps the press safe."""
        self.problems = {}
        found = {}
        for name in REQUIRED + ("zero",):
            found[name] = self._usable(name, found)
        self.params.take(found["config"]["params"] if found["config"] else {})
        self._between_ticks(lambda: self._compile(found))
        if not self.problems:
            above, missing = document_rules.above_ceilings(self.params, found["ceilings"]), self._uncalibrated(found["calibration"])
            if above:
                self.problems["config"] = above[0]
            if missing:
                self.problems["calibration"] = missing[0]

    def _usable(self, name, found):
        """The stored document if it can be used beside those `found` before it; else None, and `problems` says why."""
        document = self.documents.get(name)
        if document is None:
            state = self.documents.state(name)
            if name in REQUIRED or state != "missing":
                self.problems[name] = "bad" if state == "ok" else state
            return None
        wrong = self.documents.validators[name](document)
        if name == "config" and not wrong:
            wrong = params.beyond(document["params"])
            if wrong and seldom("owner", "allows", self.documents, self.documents.text(name)):
                wrong = []
        if name == "calibration" and not wrong and document["board"] != self.board.identity:
            wrong = ["it belongs to board %s" % document["board"]]
        if name == "zero" and not wrong and found["calibration"]:
            wrong = document_rules.zero_of(document, found["calibration"])
        if wrong:
            self.problems[name] = wrong[0]
        return None if wrong else document

    def _compile(self, found):
        s, before_hz = self.S, self.S[AT["HZ"]]
        tuning.compile_words(s, self.params, found["ceilings"], found["calibration"], found["zero"],
                             getattr(self.board, "sample_hz", 0))  # fmt: skip
        hz = s[AT["HZ"]]
        if before_hz:  # press time goes on where it is
            s[AT["T_SUB"]] = s[AT["T_SUB"]] * hz // before_hz
        if before_hz != hz:  # else a window that is still being written stays whole
            s[AT["RING_AFTER"]] = min(hz // 2, s[AT["RING_LEN"]] // 3)
            s[AT["RING_FILLED"]] = 0

    def _between_ticks(self, change):
        """Change the words in one piece: where ticks are interrupts, none sees half of it."""
        held = getattr(self.board, "between_ticks", None)
        if held:
            held(change)
        else:
            change()

    def _uncalibrated(self, calibration):
        cells = calibration["cells"]
        return ["cell %d is not calibrated" % (i + 1) for i in range(blackboard.CELLS)
                if self.readings.uses_cell(i) and (i >= len(cells) or cells[i] is None)]

    def refuse_writing(self):
        """Nothing is written to the store while the press is armed: the processor may stand still meanwhile."""
        if self.readings.state not in IDLE or self.S[AT["STATE"]] not in IDLE:
            raise Refused("documents are written in the safe state, the press is %s" % self.readings.state_name)

    @property
    def serviced(self):
        """Whether the owner is at work: the code was given, and the tick is in the service state or about to be."""
        return self.open and self.readings.state == states.SERVICE

    def refuse_unserviced(self, what):
        if not self.serviced:
            raise Refused(SERVICE % what, -203)

    def put(self, name, document, measured=False):
        """Judge a document, keep it and put it in force; Refused says why not. `measured`: a zero that was just taken."""
        self.put_text(name, json.dumps(document).encode(), measured)

    def put_text(self, name, text, measured=False):
        if name.startswith("program/") and self.readings.state in states.DRIVEN:
            seldom("steering", "wait", self.documents, name, text)
            return
        self.refuse_writing()
        if name in GUARDED and not measured:
            self.refuse_unserviced("the " + name)
        before, crc = self._values(name), self.documents.crc(name)
        self._judge(name, text, before)
        self.work()
        self.documents.write(name, text)
        self._changed(name, before, crc)

    def keep(self, name, text):
        """A program that was judged already."""
        self.refuse_writing()
        crc = self.documents.crc(name)
        self.documents.write(name, text)
        self._changed(name, {}, crc)

    def _judge(self, name, text, before):
        """Refused, if the text is no such document or weakens too much; what was read of it is given up before it is written."""
        document = self.documents.judged(name, text)
        if name == "config":
            self._refuse_weaker(document["params"], before, text)

    def _refuse_weaker(self, raws, before, text):
        """No configuration leaves its bounds without the owner, nor takes a calibrated cell out of the sum that limits watch."""
        weaker = params.beyond(raws)
        if not weaker and self.documents.get("calibration"):
            weaker = [name for name in CELLS if raws.get(name, params.bounds_raw(name)[1]) != before[name]]
        if weaker:
            self.refuse_unserviced(", ".join(weaker[:3]))
            seldom("owner", "allow", self.documents, text)

    def remove(self, name):
        self.refuse_writing()
        if name in GUARDED:
            self.refuse_unserviced("the " + name)
        before, crc = self._values(name), self.documents.crc(name)
        self.documents.remove(name)
        self._changed(name, before, crc)

    def _values(self, name):
        """The numbers of a document as it is now, for the log; one that is not whole has none, and neither has a program."""
        if name not in REQUIRED and name not in GUARDED:
            return {}
        document = self.documents.get(name)
        return seldom("changes", "values_of", name, None if self.documents.complaints(name, document) else document)

    def _changed(self, name, before, crc):
        self.work()
        if name in REQUIRED or name in GUARDED:
            self.load()
            self.work()
        changes = seldom("changes", "between", before, self._values(name))
        for tell in self.changed:
            tell(name, changes, crc, self.documents.crc(name))

    def program_limits(self, now=False):
        """What a program may ask of this press; if it is to run now, a sensor that does not answer is none."""
        limits, s = program.limits_of(self.params, self.board.capabilities), self.S
        limits["steps"] = self.steps_most
        if now and s[AT["DISPLACEMENT"]] == blackboard.ABSENT:
            limits["capabilities"].discard("displacement")
        if now and s[AT["TEMPERATURE"]] == s[AT["TEMPERATURE"] + 1] == blackboard.ABSENT:
            limits["capabilities"].discard("temperature")
        return limits
