"""Questions that are asked over and over: what they ask for is known, and a number goes to the host without an object in between.

A question is known by its header and parameters as they were parsed, with one blank between: a line that is written in any other
way is parsed as any line is, and comes to the same. One that takes nothing but whole numbers, as who pulls the log or the telemetry
asks it, is known without them: by its header and the blank.
"""

import array

from stackpress_core.scpi import arguments, inbox, outbox

QUESTIONS_MAX = 5
NOTHING = -2
REST_MAX = 24  # bytes of whole numbers
_LIMIT = 1 << 30  # blackboard.ABSENT is none of the numbers that lie within


class Repeated:
    """The questions of one port: `lines` is its inbox, `out` its outbox, `serial` the port itself, which may know how to look for a
    question that came alone: `asked(texts, rest)` says which of them it was, and 16 times how many bytes of whole numbers behind it
    are in `rest` now; NOTHING if nothing came, and below 0 for anything else."""

    def __init__(self, lines, out, serial):
        self.lines = lines
        self.out = out
        self.known = {}  # question: all that `Dispatch.do` wants
        self.numbers = []  # of each: (part of the press, its attribute, places behind the point); or all, if it takes numbers
        self.texts = b""  # and these questions, one a line
        self.said = bytearray(128)  # what they are answered with in the present pass
        self.marks = array.array("i", (0, 0, 0, 0))
        self.rest = bytearray(REST_MAX)
        self.begun = None  # a question that came alone and takes more than a number: what `recalled` gives
        self.asked = getattr(serial, "asked", None)
        self.log_asked = getattr(serial, "log_asked", None)

    def remember(self, question, found):
        """A number of the press's is known as its place, and where the point goes."""
        row = found[0]
        if row[2] and arguments.wants_integers(row[2]):
            question = question[: question.find(b" ") + 1]
            found = found[:5]
        if not question or question in self.known:  # this line was written in another way
            return
        if len(self.known) >= QUESTIONS_MAX:
            self.known.clear()
            self.numbers, self.texts = [], b""
        self.known[question] = found
        if len(found) == 5:
            self.numbers.append(found)
            self.texts += question + b"\n"
        elif row[1].endswith(" in unit"):
            part, name, args = found[3], found[4], found[5]
            zeros = len(str(args[0][0])) - 1
            if args[0] == (10**zeros, 1):
                self.numbers.append((part, name, zeros))
                self.texts += question + b"\n"

    def recalled(self, line):
        """All that `Dispatch.do` wants for this line; None if it is not known, or not written as such questions are."""
        found = self.known.get(line)
        if found is None:
            at = line.find(b" ") + 1
            found = self.known.get(line[:at]) if at else None
            if found is not None:
                args = arguments.integers(found[0][2], line[at:], len(line) - at)
                return args and found + (args,)
        return found if found is None or len(found) > 5 else None

    def answer_one(self):
        """A number, if that is all that has come; whether there is no more to do. What is no number goes the long way."""
        out, lines = self.out, self.lines
        if out.pending:
            out.write()  # what is gone by now makes room
        if lines.start != lines.end or out.deaf or out.pending > out.size - outbox.ANSWER_ROOM:
            return False
        row = self.asked(self.texts, self.rest)
        if row < 0:
            if row == NOTHING:
                out.pump(0)
            return row == NOTHING
        known = self.numbers[row & 15]
        if row > 15:
            args = arguments.integers(known[0][2], self.rest, row >> 4)
            if args is None:
                return self._the_long_way(self.texts.split(b"\n")[row & 15] + self.rest[: row >> 4])
            self.begun = known + (args,)
            return False
        part, name, places = known
        try:
            value = getattr(part, name)
        except Exception:  # told when it is asked the long way, as that of any other line
            value = _LIMIT
        if not -_LIMIT < value < _LIMIT:
            return self._the_long_way(self.texts.split(b"\n")[row])
        out.pending += outbox.digits(out.ring, out.size - 1, out.start + out.pending, value, places, outbox.POWERS)
        out.write()
        return True

    def answer_log(self, journal):
        """A whole block of the log, if that is all that has come; whether there is no more to do."""
        out, lines = self.out, self.lines
        if out.pending:
            out.write()
        if out.pending or out.deaf or lines.start != lines.end:
            return False
        seq = self.log_asked(outbox.BLOCK_MOST)
        if seq < 0:
            return False
        try:
            n = journal.read_from(seq, out.block)[0]
        except Exception:  # as below
            return self._the_long_way(b"LOG:READ? %d,%d" % (seq, outbox.BLOCK_MOST))
        out.put_alone(n)
        return True

    def _the_long_way(self, text):
        self.lines.takes_packet()
        self.lines.feed(text + b"\n", len(text) + 1)
        return False

    def answer_all(self):
        """All of the lines that wait, to the first that is none of these questions; how many. Each number is looked up once,
        however many of them ask for it."""
        lines, out, texts, said, marks = self.lines, self.out, self.texts, self.said, self.marks
        before = lines.waiting
        marks[0], marks[1], marks[2] = lines.start, before, out.start + out.pending
        marks[3] = out.start + out.size - outbox.ANSWER_ROOM
        for row in range(0, len(self.numbers) * inbox.SAID, inbox.SAID):
            said[row] = 0
        while True:
            row = inbox.answered(lines.buf, texts, len(texts), said, out.ring, out.size - 1, marks)
            if row < 0:
                break
            number = self.numbers[row // inbox.SAID]
            if len(number) > 3:
                break
            part, name, places = number
            try:
                value = getattr(part, name)
            except Exception:  # as above
                break
            if not -_LIMIT < value < _LIMIT:
                break
            said[row] = outbox.digits(said, len(said) - 1, row + 1, value, places, outbox.POWERS)
        lines.start, lines.waiting, out.pending = marks[0], marks[1], marks[2] - out.start
        return before - marks[1]
