"""The SCPI server: bytes of a host become commands on the press, and answers become bytes, a bounded piece at a time.

`poll` is one pass of the foreground: take what has arrived (stop bytes act at once), run at most a few units of the
lines that wait, send a piece of what is to be sent. Whatever a host sends, the worst it gets is an error in the queue.
A command that starts something long is complete when that has started; progress is read from STATus:OPERation.
"""

import array

import micropython

from stackpress_core.errors import Refused, ScpiError, StorageFault
from stackpress_core.scpi import answers, arguments, headers, inbox, outbox, stops
from stackpress_core.scpi.sources import Text
from stackpress_core.scpi.status import Status

AS_THEY_ARE = 0x1F  # a line that ends with this is a host's of ours, which reads blocks by their length
NO_LONGER = b"\t"  # the line with which it goes
UNITS_PER_PASS = 4
BROKE, HUNG_UP = 1, 2  # what a serial line tells beside its bytes: a break, or that the host has closed it
KNOWN_MAX = 6  # headers whose row is remembered: a host asks the same few over and over
ASKED_MAX = 5  # and lines of one query, with all that their parameters mean
ORDER_PASSES = 8  # a unit that follows an order waits this long for the tick to have read it
_BLANK = 32
_LIMIT = 1 << 30  # blackboard.ABSENT is none of the numbers that lie within
_BEFORE_A_HEADER = bytes(range(33)) + b":"
IN_PER_PASS, OUT_PER_PASS = 512, 512  # bytes looked at, and made for the host


class Server:
    """One serial line, one press: `modules` hold the tables of commands (see commands.py), `parts` what they ask."""

    def __init__(self, serial, modules, parts):
        self.serial = serial
        self.parts = parts
        self.headers = headers.Headers(modules)
        self.status = Status()
        self.inbox = inbox.Inbox(self)
        self.out = outbox.Outbox(serial, self.tell)
        self.buf = bytearray(inbox.PACKET)
        self.units = None  # what is left of the line that is being run
        self.path = []
        self.known = {}  # header as it was written, with the path before it: (module, row, suffixes, path after it)
        self.asked = {}  # a whole line of one query: all that `do` wants
        self.numbers = []  # of those that ask for a number: (part of the press, its attribute, places behind the point)
        self.texts = b""  # and these lines, one after the other
        self.said = bytearray(128)  # what they are answered with in the present pass
        self.marks = array.array("i", (0, 0, 0, 0))
        self.line = b""  # what is to be remembered of the line under way, if it is a query and nothing else
        self.answers = 0  # answers given so far in this line
        self.muted = False  # an answer of this line was dropped: the rest of them are too
        self.ended = False  # an answer of this line goes on to the line's end (*IDN?): no other can follow
        self.wants_repl = False
        self.told = getattr(serial, "told", int)  # a line without ends tells nothing beside its bytes
        self.idle = getattr(serial, "idle", bool)  # whether nothing has come and nothing has gone since the last look
        self.at_work = True
        self.left = 0
        self.as_they_are = True  # blocks hold their bytes unchanged: whoever has the port open reads them by their length
        self.no_prompt = None  # what answers a program that asked for the prompt and can't have it
        self.stops = 0
        self.runs = 0  # units that were run since the start
        self.lost_lines = 0
        self.waited = 0

    # -- one pass --------------------------------------------------------------------------------------------------

    def poll(self, budget=IN_PER_PASS):
        """Gives whether there is more to do, or something was done that others may have to look at."""
        before = self.runs
        self.receive(budget)
        self.status.update(self.parts)
        self.execute()
        self.out.pump(OUT_PER_PASS)
        self.at_work = self.units is not None or self.inbox.waiting > 0 or self.out.source is not None
        return self.runs != before or self.at_work or self.out.pending > 0

    def go_on(self):
        """Between two parts of a pass: what a host waits for. Gives what `poll` gives."""
        if not self.at_work and self.idle():
            return False
        if self.out.source is None:
            return self.poll()
        self.receive(inbox.PACKET)
        self.out.pump(OUT_PER_PASS // 2)
        return False

    def receive(self, budget):
        """What a host sent before it closed the port is read first, and what it left half written is forgotten then."""
        told = self.told()
        if told & BROKE:
            self.stop_now()
        self.left = self.left or told & HUNG_UP
        while budget > 0 and self.inbox.takes_packet() and not self.wants_repl:  # behind an obeyed 0x03 all is the prompt's
            count = self.serial.read(self.buf) or 0
            if not count:
                if self.left:
                    self.hung_up()
                return
            budget -= count
            if self.no_prompt:
                count = self.refuse_prompt(count)
            self.inbox.feed(self.buf, count)

    def execute(self):
        for _ in range(UNITS_PER_PASS):
            if not self.out.ready():
                self.give_up_unread()
            if not self.out.ready() or self.order_waits():
                return
            if self.units is None:
                if self.texts and not self.out.deaf:
                    self.ask_again()
                if not self.next_line():
                    return
            if self.units:
                self.runs += 1
                self.run_unit(self.units.pop(0))
            if not self.units and self.out.source is None:
                self.end_line()

    def ask_again(self):
        """Lines that ask for a number which was asked for before: nothing of them is parsed, nothing made of their answers, and
        each number is looked up once, however many of the lines that wait ask for it."""
        lines, out, texts, said, marks = self.inbox, self.out, self.texts, self.said, self.marks
        marks[0], marks[1], marks[2] = lines.start, lines.waiting, out.start + out.pending
        marks[3] = out.start + out.size - outbox.ANSWER_ROOM
        for row in range(0, len(self.numbers) * inbox.SAID, inbox.SAID):
            said[row] = 0
        while True:
            row = inbox.answered(lines.buf, texts, len(texts), said, out.ring, out.size - 1, marks)
            if row < 0:
                break
            part, name, places = self.numbers[row // inbox.SAID]
            try:
                value = getattr(part, name)
            except Exception:  # told when it is asked the long way, as any other line
                break
            if not -_LIMIT < value < _LIMIT:
                break
            said[row] = outbox.digits(said, len(said) - 1, row + 1, value, places, outbox.POWERS)
        self.runs += lines.waiting - marks[1]
        lines.start, lines.waiting, out.pending = marks[0], marks[1], marks[2] - out.start

    def give_up_unread(self):
        """Answers that nobody reads keep no command waiting: IEEE 488.2 calls that deadlocked if no more can be taken in either."""
        if (self.units or self.inbox.waiting) and self.out.unread:
            self.out.drop()
            self.muted = True
            if not self.out.told:
                self.status.error(-430 if self.inbox.room <= inbox.PACKET else -410)
            self.out.told = True

    def order_waits(self):
        """Whether what comes next must wait for the tick; not for ever: press time may stand still."""
        self.waited = self.waited + 1 if self.parts.readings.order_waits else 0
        return 0 < self.waited <= ORDER_PASSES

    # -- what the inbox calls --------------------------------------------------------------------------------------

    def line_came(self, begun, end, overlong, torn):
        """A line that may stop is whole, inbox.buf[begun:end]: whether it is to wait for its turn. What stops is done at once."""
        lines, before = self.inbox, self.stops
        given_up = headers.ends_in_abort(lines.buf, begun, end)
        if stops.unit_that_stops(lines.buf, begun, end) >= 0:
            line = self.stopped_by(bytearray(lines.view[begun:end]))
            lines.view[lines.begun : lines.end] = line
        if given_up and self.stops == before:
            self.stop_now(1)
            return False
        self.lost_lines += overlong
        return not torn

    def stopped_by(self, line):
        """Do what stops in this line; gives the line with blanks for that and for whatever before it could move something."""
        at = stops.unit_that_stops(line, 0, len(line))
        while at >= 0:
            end = stops.unit_end(line, at, len(line))
            unit = bytes(memoryview(line)[at:end])
            before = bytes(memoryview(line)[:at]).rstrip(_BEFORE_A_HEADER)
            spared = is_harmless(before)
            if unit[:4].upper() == b"STOP":
                self.obey(unit, 0 if spared else 1)
            else:
                self.stop_now(0 if spared else 1)
            for i in range(len(before) if spared else 0, end):
                line[i] = _BLANK
            at = stops.unit_that_stops(line, end, len(line))
        return line

    def hung_up(self):
        """The host has closed the port: what it left half written or unread is nothing for the next one."""
        self.left = 0
        self.inbox.forget()
        self.out.clear()
        self.no_prompt = None
        self.as_they_are = False
        self.parts.maintenance.leave()

    def stop_byte(self, begun):
        self.stop_now(1 if begun else 0)

    def break_byte(self):
        if self.parts.maintenance.may_take_over():
            self.wants_repl = True
        else:
            self.status.error(-102, "0x03 is obeyed in the safe state only, and on a press with an owner's code in service")
            from stackpress_core.scpi.no_prompt import NoPrompt  # only now: who asks for it is rare, and memory is dear

            self.no_prompt = NoPrompt(self.out.put)

    def refuse_prompt(self, count):
        """Answer what is for the prompt in the `count` bytes that came; how many are left for the language."""
        why = "the press is %s%s: it gives no prompt now; nothing was touched" % (
            self.parts.readings.state_name, " and its owner has set a code" if self.parts.readings.at_rest else "")
        taken = self.no_prompt.take(self.buf, count, why)
        if self.no_prompt.over:
            self.inbox.feed(self.no_prompt.owed, len(self.no_prompt.owed))
            self.no_prompt = None
        for i in range(taken, count):
            self.buf[i - taken] = self.buf[i]
        return count - taken

    def stop_now(self, gone=0):
        """Vent at once and forget every waiting line that could move something, beside the `gone` that are forgotten already;
        waiting queries are still answered."""
        self.stops += 1
        self.runs += 1
        try:
            self.parts.operator.abort()
        except Exception as error:  # the order to vent was given before
            self.tell(error)
        self.forget_what_waits(gone)

    def obey(self, unit, gone):
        """A STOP, ahead of the line that is being run and of those that wait."""
        self.runs += 1
        path, self.path = self.path, []
        try:
            self.call(decoded(unit) or "")
        except Exception as error:  # whatever a host sends, the worst that it gets is an error in the queue
            self.tell(error)
        self.path = path
        self.forget_what_waits(gone)

    def forget_what_waits(self, gone):
        gone += self.inbox.keep_harmless(is_harmless)
        if self.units and not all(headers.is_query_only(unit) for unit in self.units):
            self.units = []
            gone += 1
        if gone:
            self.status.error(-200, "%d lines discarded by the stop" % gone)

    # -- running a line --------------------------------------------------------------------------------------------

    def next_line(self):
        """The units of the next line, if there is one and its answer is not given already."""
        raw = self.inbox.take_line()
        if raw is None:
            return False
        self.path, self.answers = [], 0
        self.muted = self.ended = False
        if raw in self.asked:
            self.units, self.line = [""], raw
            return True
        line = decoded(raw)
        if raw[-1] == AS_THEY_ARE or raw == NO_LONGER:
            self.as_they_are = raw != NO_LONGER
        if raw == inbox.LONG:
            self.status.error(-363, "a line has at most %d bytes" % inbox.LINE_MAX)
        elif line is None:
            self.status.error(-101)
        self.units = [] if headers.is_of_modem(line or "") else headers.split_outside(line or "", ";")
        self.line = raw if len(self.units) == 1 and raw[-1] > _BLANK else b""
        return True

    def end_line(self):
        if self.answers:
            self.out.put(b"\n", reserve=0)
        self.units = None

    def remember(self, *found):
        """The line under way is this query and nothing else: the next time it is known. A number of the press's is known as its
        place, and where the point goes."""
        _, row, _, args = found
        if len(self.asked) >= ASKED_MAX:
            self.asked.clear()
            self.numbers, self.texts = [], b""
        self.asked[self.line] = found
        name, _, in_unit = row[1].partition(" in ")
        zeros = len(str(args[0][0])) - 1 if in_unit else 0
        if in_unit and args[0] == (10**zeros, 1):
            part = self.parts
            *path, name = name.split(".")
            for step in path:
                part = getattr(part, step)
            self.numbers.append((part, name, zeros))
            self.texts += self.line + b"\n"

    def run_unit(self, text):
        text = text.strip(" ")
        path = self.path
        try:
            if text:
                self.answer(self.call(text))
            elif self.line in self.asked:
                self.answer(self.do(*self.asked[self.line]))
        except outbox.Later:
            self.units.insert(0, text)
            self.path = path
        except Exception as error:  # whatever a host sends, the worst that it gets is an error in the queue
            self.tell(error)
            if isinstance(error, ScpiError) and -199 <= error.number <= -100:
                self.units = []

    def tell(self, error):
        """What went wrong, into the queue of errors."""
        if isinstance(error, ScpiError):
            self.status.error(error.number, error.info)
        elif isinstance(error, Refused):
            self.status.error(error.number, error.text)
        elif isinstance(error, StorageFault):
            self.status.error(-320, str(error))
        elif isinstance(error, MemoryError):
            self.status.error(-225)
        elif isinstance(error, OSError):
            self.status.error(-320, repr(error))
        else:
            self.status.error(-300, repr(error))

    def call(self, text):
        header, _, params = text.partition(" ")
        key = header if header[0] in ":*" or not self.path else ":".join(self.path) + " " + header
        if key not in self.known:
            header, params = headers.split_header(text)
            found = self.find(header)
            if len(self.known) >= KNOWN_MAX:
                self.known.clear()
            self.known[key] = found
        module, row, suffixes, path = self.known[key]
        if path is not None:  # a common command leaves it where it is
            self.path = path
        args = arguments.bind(row[2], params.strip(" "))
        if self.line and path is not None and row[0].endswith("?") and (not row[2] or row[2].startswith("[unit")):
            self.remember(module, row, suffixes, args)
        return self.do(module, row, suffixes, args)

    def do(self, module, row, suffixes, args):
        """What the row says: ask a part of the press, or call the module's function; gives the answer, or None."""
        if self.ended and row[0].endswith("?"):
            raise ScpiError(-440)
        name, _, in_unit = row[1].partition(" in ")
        if "." not in name:
            return getattr(module, name)(self, suffixes, args)
        path = name.split(".")
        asked = self if path[0] == "status" else self.parts
        for part in path:
            asked = getattr(asked, part)
        if in_unit:
            return answers.in_unit(asked, args[0])
        if callable(asked):
            asked = asked(*args)
        return answers.written(asked) if row[0].endswith("?") else None

    def find(self, header):
        """(module, row, suffixes, the path behind it)."""
        if header.startswith("*"):
            return self.headers.find_common(header) + ([], None)
        query = header.endswith("?")
        name = header[:-1] if query else header
        absolute = name.startswith(":")
        nodes = headers.nodes_of(name[1:] if absolute else name)
        if not absolute:
            nodes = self.path + nodes
        return self.headers.find(nodes, query) + (nodes[:-1],)

    def answer(self, answer):
        if answer is None or self.muted:
            return
        if isinstance(answer, (str, int)):
            answer = str(answer)
            if len(answer) * 4 > outbox.ANSWER_ROOM:  # 4: a character may be four bytes
                answer = Text([answer])
        comma = b";" if self.answers else b""
        if isinstance(answer, memoryview):  # it lies where the outbox sends it from
            taken = self.out.put_block(len(answer), comma)
        elif not isinstance(answer, str):
            taken = self.out.put(comma)
            if taken:
                self.out.begin(answer)
        else:
            taken = self.out.put(comma + answer.encode())
        if taken:
            self.answers += 1
        else:
            self.muted = True
            self.out.dropped += 1
            if not self.out.deaf:
                self.status.error(-430)


@micropython.viper
def is_plain(raw, n: int) -> int:
    """1 if there are bytes, and all of them are printable ASCII; else 0."""
    line = ptr8(raw)  # noqa: F821
    i = 0
    while i < n:
        if line[i] < 32 or line[i] > 126:
            return 0
        i += 1
    return 1 if n else 0


def decoded(raw):
    """The line as text in which blanks stand for all white space (488.2: ASCII 0 - 32) but that in strings, or None if it is
    not text. So nothing that reads on has to know which characters separate."""
    if is_plain(raw, len(raw)):  # most lines
        return raw.decode().strip(" ")
    line, quote = bytearray(raw), 0
    for i in range(len(line)):
        byte = line[i]
        if byte == 127:
            return None
        if quote:
            quote = 0 if byte == quote else quote
        elif byte < 32:
            line[i] = 32
        elif byte == 34 or byte == 39:
            quote = byte
    try:
        text = bytes(line).decode().strip(" ")
    except UnicodeError:
        return None
    return text if text or not raw.strip(b" \t\x1f") else None  # nothing but control characters is noise, not an empty line


def is_harmless(raw):
    """Whether a line may outlive a stop: nothing but queries, or no line at all, of which only the error is left."""
    line = decoded(raw)
    return line is None or headers.is_query_only(line)
