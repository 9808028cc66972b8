"""Which documents are in force: stored ones judged and put into the words, new ones taken while the press is safe.

What is missing, torn or foreign is told by `problems` and keeps the press from being armed; it never keeps it from starting.
"""

import json

from stackpress_core import document_rules, tuning
from stackpress_core.errors import Refused
from stackpress_core.recipe import program
from stackpress_core.tick import blackboard, states

AT = blackboard.AT
REQUIRED = ("config", "ceilings", "calibration")
IDLE = (states.SAFE, states.SERVICE, states.MONITOR)


class Settings:
    """Keeps the words `S` and the Values `params` as the documents say; `changed` holds who is told the name of a new one."""

    def __init__(self, S, params, readings, documents, board):
        self.S = S
        self.params = params
        self.readings = readings
        self.documents = documents
        self.board = board
        self.problems = {}
        self.changed = []
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

    def put(self, name, document):
        """Judge a document, keep it and put it in force; Refused says why not."""
        self.put_text(name, json.dumps(document).encode())

    def put_text(self, name, text):
        self.refuse_writing()
        self.documents.put(name, text)
        self._changed(name)

    def remove(self, name):
        self.refuse_writing()
        self.documents.remove(name)
        self._changed(name)

    def _changed(self, name):
        if name in REQUIRED + ("zero",):
            self.load()
        for tell in self.changed:
            tell(name)

    def program_limits(self):
        return program.limits_of(self.params, self.board.capabilities)
