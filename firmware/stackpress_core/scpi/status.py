"""Error queue and status registers of IEEE 488.2 and SCPI-99.

The condition registers mirror the press and are refreshed in each pass, so a host that polls one byte sees
states and interlocks; events latch through the transition filters until they are read.
"""

from stackpress_core.scpi.answers import quoted
from stackpress_core.tick import interlock, states

MESSAGES = (
    (0, "No error"),
    (-100, "Command error"),
    (-101, "Invalid character"),
    (-102, "Syntax error"),
    (-103, "Invalid separator"),
    (-104, "Data type error"),
    (-108, "Parameter not allowed"),
    (-109, "Missing parameter"),
    (-110, "Command header error"),
    (-111, "Header separator error"),
    (-112, "Program mnemonic too long"),
    (-113, "Undefined header"),
    (-114, "Header suffix out of range"),
    (-121, "Invalid character in number"),
    (-123, "Exponent too large"),
    (-124, "Too many digits"),
    (-128, "Numeric data not allowed"),
    (-131, "Invalid suffix"),
    (-134, "Suffix too long"),
    (-138, "Suffix not allowed"),
    (-141, "Invalid character data"),
    (-144, "Character data too long"),
    (-148, "Character data not allowed"),
    (-151, "Invalid string data"),
    (-158, "String data not allowed"),
    (-161, "Invalid block data"),
    (-168, "Block data not allowed"),
    (-171, "Invalid expression"),
    (-178, "Expression data not allowed"),
    (-200, "Execution error"),
    (-203, "Command protected"),
    (-221, "Settings conflict"),
    (-222, "Data out of range"),
    (-223, "Too much data"),
    (-224, "Illegal parameter value"),
    (-225, "Out of memory"),
    (-230, "Data corrupt or stale"),
    (-241, "Hardware missing"),
    (-256, "File name not found"),
    (-257, "File name error"),
    (-300, "Device-specific error"),
    (-310, "System error"),
    (-314, "Save/recall memory lost"),
    (-320, "Storage fault"),
    (-330, "Self-test failed"),
    (-350, "Queue overflow"),
    (-363, "Input buffer overrun"),
    (-400, "Query error"),
    (-410, "Query INTERRUPTED"),
    (-430, "Query DEADLOCKED"),
    (-440, "Query UNTERMINATED after indefinite response"),
)

ALL = 0x7FFF  # bit 15 is never used, SCPI-99 20.1
INFO_MAX = 200  # with the standard text, an error stays below SCPI's 255 characters

ESR_OPC, ESR_QYE, ESR_DDE, ESR_EXE, ESR_CME, ESR_PON = 1, 4, 8, 16, 32, 128
STB_ERRORS, STB_QUES, STB_MAV, STB_ESB, STB_MSS, STB_OPER = 4, 8, 16, 32, 64, 128

# OPERation condition bits: SCPI-99's own numbers where it has one, 8 - 13 for the press.
OPER_CALIBRATING, OPER_WAIT_TRIGGER, OPER_WAIT_ARM = 1, 32, 64
OPER_READY, OPER_PRESSING, OPER_HOLDING, OPER_RELEASING, OPER_SERVICE, OPER_PROGRAM = 256, 512, 1024, 2048, 4096, 16384
OPER_OF_STATE = (OPER_WAIT_ARM, OPER_READY, OPER_PRESSING, OPER_HOLDING, OPER_RELEASING, 0, OPER_SERVICE, 0)

# QUEStionable condition bits.
QUES_TIME, QUES_TEMPERATURE = 4, 16
QUES_TRIPPED, QUES_WARNING, QUES_FORCE, QUES_SAFETY = 512, 1024, 2048, 4096

# What an interlock row is about: its bit. Any active or warning row sets QUES_WARNING as well.
QUES_OF_CONCERN = {"safety": QUES_SAFETY, "force": QUES_FORCE, "time": QUES_TIME, "temperature": QUES_TEMPERATURE, "log": 0}


def message(number):
    for code, text in MESSAGES:
        if code == number:
            return text
    return "Device-specific error"


def esr_bit(number):
    if number == 0:
        return 0
    if -199 <= number <= -100:
        return ESR_CME
    if -299 <= number <= -200:
        return ESR_EXE
    if -499 <= number <= -400:
        return ESR_QYE
    return ESR_DDE


class Errors:
    """First in, first out, bounded; the last place says -350 once something had to be left out."""

    def __init__(self, size=16):
        self.size = size
        self.queue = []
        self.total = 0

    def add(self, number, info=""):
        """Gives the number that the queue now ends with. A comma would end the text where hosts split answers at it."""
        self.total += 1
        if len(self.queue) < self.size:
            self.queue.append((number, info[:INFO_MAX].replace(",", ";")))
        else:
            self.queue[-1] = (-350, "")
        return self.queue[-1][0]

    def next(self):
        number, info = self.queue.pop(0) if self.queue else (0, "")
        text = message(number) + (";" + info if info else "")
        return "%d,%s" % (number, quoted(text))

    def clear(self):
        self.queue = []


class Register:
    """Condition -> transition filters -> event -> enable -> one summary bit."""

    def __init__(self):
        self.condition = 0
        self.event = 0
        self.enable = 0
        self.rising = ALL
        self.falling = 0

    def set(self, condition):
        rose = condition & ~self.condition
        fell = self.condition & ~condition
        self.event |= (rose & self.rising) | (fell & self.falling)
        self.condition = condition

    def read_event(self):
        event = self.event
        self.event = 0
        return event

    def set_enable(self, mask):
        self.enable = mask & ALL

    def set_rising(self, mask):
        self.rising = mask & ALL

    def set_falling(self, mask):
        self.falling = mask & ALL

    def preset(self):
        self.enable = 0
        self.rising = ALL
        self.falling = 0

    def summary(self):
        return (self.event & self.enable) != 0


class Status:
    """Every register of the press and the queue of errors that feeds them."""

    def __init__(self):
        self.errors = Errors()
        self.esr = ESR_PON
        self.ese = 0
        self.sre = 0
        self.operation = Register()
        self.questionable = Register()
        self.rows = 0  # interlock rows that rows_ques was made of
        self.rows_ques = 0

    def set_ese(self, mask):
        self.ese = mask

    def set_sre(self, mask):
        self.sre = mask & ~STB_MSS

    def read_esr(self):
        esr, self.esr = self.esr, 0
        return esr

    def complete(self):
        self.esr |= ESR_OPC

    def error(self, number, info=""):
        self.esr |= esr_bit(number) | esr_bit(self.errors.add(number, info))

    def clear(self):
        """*CLS: queue and event registers; enables, filters and the press stay as they are."""
        self.errors.clear()
        self.esr = 0
        self.operation.event = 0
        self.questionable.event = 0

    def preset(self):
        self.operation.preset()
        self.questionable.preset()

    def byte(self, message_available):
        stb = STB_ERRORS if self.errors.queue else 0
        if self.questionable.summary():
            stb |= STB_QUES
        if message_available:
            stb |= STB_MAV
        if self.esr & self.ese:
            stb |= STB_ESB
        if self.operation.summary():
            stb |= STB_OPER
        return stb | (STB_MSS if stb & self.sre else 0)

    def update(self, parts):
        state = parts.readings.state
        oper = OPER_OF_STATE[state] if 0 <= state < len(OPER_OF_STATE) else 0
        if parts.calibrator.active:
            oper |= OPER_CALIBRATING
        if parts.runner.waits_for_trigger:
            oper |= OPER_WAIT_TRIGGER
        if parts.runner.active:
            oper |= OPER_PROGRAM
        self.operation.set(oper)
        rows = parts.readings.active_bits | parts.readings.warning_bits
        if rows != self.rows:
            self.rows = rows
            self.rows_ques = questionable_of(rows)
        self.questionable.set(self.rows_ques | (QUES_TRIPPED if state == states.TRIPPED else 0))


def questionable_of(rows):
    """Bits of the register for a number of row bits."""
    ques = QUES_WARNING if rows else 0
    for i in range(len(interlock.ROWS)):
        if rows >> i & 1:
            ques |= QUES_OF_CONCERN[interlock.ROWS[i][interlock.CONCERN]]
    return ques
