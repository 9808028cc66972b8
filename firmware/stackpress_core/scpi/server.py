"""The SCPI server: bytes of a host become commands on the press, and answers become bytes, a bounded piece at a time.

`poll` is one pass of the foreground: take what has arrived (stop bytes act at once), run at most a few units of the
lines that wait, send a piece of what is to be sent. Whatever a host sends, the worst it gets is an error in the queue.
A command that starts something long is complete when that has started; progress is read from STATus:OPERation.
"""

import micropython

from stackpress_core.errors import Refused, ScpiError, StorageFault
from stackpress_core.scpi import arguments, dispatch, headers, inbox, outbox, repeated, stops
from stackpress_core.scpi.sources import Text
from stackpress_core.scpi.status import Status

AS_THEY_ARE = 0x1F  # a line that ends with this is a host's of ours, which reads blocks by their length
NO_LONGER = b"\t"  # the line with which it goes
UNITS_PER_PASS = 4
BROKE, HUNG_UP = 1, 2  # what a serial line tells beside its bytes: a break, or that the host has closed it
ORDER_PASSES = 8  # a unit that follows an order waits this long for the tick to have read it
_BLANK = 32
_BEFORE_A_HEADER = bytes(range(33)) + b":"
IN_PER_PASS, OUT_PER_PASS = 512, 512  # bytes looked at, and made for the host


class Server:
    """One serial line, one press: `modules` hold the tables of commands (see commands.py), `parts` what they ask."""

    def __init__(self, serial, modules, parts):
        self.serial = serial
        self.parts = parts
        self.status = Status()
        self.inbox = inbox.Inbox(self)
        self.out = outbox.Outbox(with_offer(serial), self.tell)
        self.dispatch = dispatch.Dispatch(self, modules)
        self.repeated = repeated.Repeated(self.inbox, self.out, serial)
        self.buf = bytearray(inbox.PACKET)
        self.units = None  # what is left of the line that is being run
        self.known = None  # what it was found to ask for before
        self.alone = False  # whether it is one unit and nothing else
        self.answers = 0  # answers given so far in this line
        self.muted = False  # an answer of this line was dropped: the rest of them are too
        self.ended = False  # an answer of this line goes on to the line's end (*IDN?): no other can follow
        self.wants_repl = False
        self.told = getattr(serial, "told", int)  # a line without ends tells nothing beside its bytes
        self.idle = getattr(serial, "idle", bool)  # whether nothing has come and nothing has gone since the last look
        self.at_work = True
        self.left = 0
        self.orphans = 0  # lines that wait whose host has gone: they are run, and their answers are nobody's
        self.as_they_are = True  # blocks hold their bytes unchanged: whoever has the port open reads them by their length
        self.no_prompt = None  # what answers a program that asked for the prompt and can't have it
        self.stops = 0
        self.runs = 0  # units that were run since the start
        self.lost_lines = 0
        self.waited = 0

    # -- one pass --------------------------------------------------------------------------------------------------

    def poll(self, budget=IN_PER_PASS):
        """Gives whether there is more to do, or something was done that others may have to look at."""
        self.status.update(self.parts)
        if self.at_work or self.left or self.out.pending and self.idle():  # whether the host reads is looked at there
            return self.serve(budget)
        return self.go_on(budget)  # a question that came alone is answered as quickly here

    def serve(self, budget=IN_PER_PASS):
        before = self.runs
        self.receive(budget)
        self.execute()
        self.out.pump(OUT_PER_PASS)
        self.at_work = self.units is not None or self.inbox.waiting > 0 or self.out.source is not None
        return self.runs != before or self.at_work or self.out.pending > 0

    def go_on(self, budget=IN_PER_PASS):
        """Between two parts of a pass: what a host waits for. Gives what `poll` gives."""
        if not self.at_work:
            if self.idle():
                return False
            if self.repeated.asked and not self.parts.readings.order_waits:
                if self.as_they_are and self.repeated.answer_log(self.parts.journal) or self.repeated.answer_one():
                    return False
                if self.repeated.begun:
                    return self.answer_begun()
        if self.out.source is None:
            return self.serve(budget)
        self.receive(inbox.PACKET)
        self.out.pump(OUT_PER_PASS // 2)
        return False

    def answer_begun(self):
        """A question that came alone, and is parsed already: it changes nothing that others have to look at."""
        self.begin_line(self.repeated.begun)
        self.repeated.begun = None
        self.runs += 1
        self.run_unit(self.units.pop(0))
        if not self.units:
            self.end_line()
        self.out.pump(OUT_PER_PASS)
        self.at_work = self.units is not None or self.out.source is not None
        return False

    def receive(self, budget):
        """What a host sent before it closed the port is read first, and what it left half written is forgotten then."""
        told = self.told()
        if told:
            if told & BROKE:
                self.stop_now()
            if told & HUNG_UP:
                self.left = 1
                self.orphans = self.inbox.waiting  # what is read from here on may be the next host's already
                self.muted, self.answers = True, 0
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
            if not self.left and self.idle():
                return

    def execute(self):
        updated = False
        for _ in range(UNITS_PER_PASS):
            if self.units is None and not self.inbox.waiting:
                return
            if not self.out.ready():
                self.give_up_unread()
            if not self.out.ready() or self.order_waits():
                return
            if self.units is None:
                if self.repeated.texts and not self.out.deaf and not self.orphans:
                    self.runs += self.repeated.answer_all()
                if not self.next_line():
                    return
            if self.units:
                if not updated:
                    updated = True
                    self.status.update(self.parts)
                self.runs += 1
                self.run_unit(self.units.pop(0))
            if not self.units:
                self.end_line()

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
        path, self.dispatch.path = self.dispatch.path, []
        try:
            text = decoded(unit)
            if text is None:
                raise ScpiError(-101, "")
            self.dispatch.do(*self.dispatch.read(text))
        except Exception as error:  # whatever a host sends, the worst that it gets is an error in the queue
            self.tell(error)
        self.dispatch.path = path
        self.forget_what_waits(gone)

    def forget_what_waits(self, gone):
        gone += self.inbox.keep_harmless(is_harmless)
        self.orphans = min(self.orphans, self.inbox.waiting)
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
        self.begin_line(self.repeated.recalled(raw))
        if self.known:
            return True
        line = decoded(raw)
        if raw[-1] == AS_THEY_ARE or raw == NO_LONGER:
            self.as_they_are = raw != NO_LONGER and not self.muted
        if raw == inbox.LONG:
            self.status.error(-363, "a line has at most %d bytes" % inbox.LINE_MAX)
        elif line is None:
            self.status.error(-101)
        self.units = [] if headers.is_of_modem(line or "") else headers.split_outside(line or "", ";")
        self.alone = len(self.units) == 1
        return True

    def begin_line(self, known):
        self.dispatch.path, self.answers = [], 0
        self.muted, self.ended = self.orphans > 0, False
        if self.orphans:
            self.orphans -= 1
        self.known = known
        if known:
            self.units = [""]

    def end_line(self):
        if self.out.source is not None:
            self.out.last = True
        elif self.answers:
            self.out.put(b"\n", reserve=0)
        self.units = None

    def run_unit(self, text):
        text = text.strip(" ")
        path = self.dispatch.path
        try:
            if self.known:
                self.answer(self.dispatch.do(*self.known))
            elif text:
                self.answer(self.dispatch.do(*self.dispatch.read(text)))
                if self.alone and text.find("?") >= 0:
                    self.remember()
        except outbox.Later:
            self.units.insert(0, text)
            self.dispatch.path = path
        except Exception as error:  # whatever a host sends, the worst that it gets is an error in the queue
            self.tell(error)
            if isinstance(error, ScpiError) and -199 <= error.number <= -100:
                self.units = []

    def remember(self):
        """The unit that was run is the whole line: a query that takes nothing, a unit or whole numbers is known from now on."""
        found = self.dispatch.found
        row = found[0]
        spec = row[2]
        if row[0].endswith("?") and found[2] is not None and (
            not spec or spec.startswith("[unit") or arguments.wants_integers(spec)):
            self.repeated.remember(self.dispatch.written.encode(), found)

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


def with_offer(serial):
    """The line as an outbox wants it."""
    if hasattr(serial, "offer"):
        return serial
    from stackpress_core.scpi.plain_line import PlainLine  # a board's own line does without, and memory is dear

    return PlainLine(serial)


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
