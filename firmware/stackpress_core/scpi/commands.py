"""The command table: every header that the press understands, what it takes, and one line of help.

A new command is one row here or in the table of its subsystem; `SYSTem:HELP:HEADers?` and the manual are made from
the rows. A row: pattern, handler(server, suffixes, args), parameters (see arguments.py), help. What a handler returns
is the answer.
"""

from stackpress_core.errors import Refused, ScpiError
from stackpress_core.scpi import commands_data, commands_press
from stackpress_core.scpi.status import quoted
from stackpress_core.scpi.values import short_form
from stackpress_core.scpi.wire import Block, Text
from stackpress_core.tick import states

SCPI_VERSION = "1999.0"


# -- IEEE 488.2 -------------------------------------------------------------------------------------------------------


def cls(c, n, a):
    c.status.clear()


def ese(c, n, a):
    c.status.ese = a[0]


def ese_q(c, n, a):
    return c.status.ese


def esr_q(c, n, a):
    esr = c.status.esr
    c.status.esr = 0
    return esr


def idn_q(c, n, a):
    board = c.press.board
    fields = ("stackpress", board.name, board.identity, c.press.version)
    return ",".join(str(field).replace(",", " ").replace(";", " ") for field in fields)


def opc(c, n, a):
    c.status.esr |= 1


def opc_q(c, n, a):
    return 1


def opt_q(c, n, a):
    """What this board can do; generic drivers ask for it."""
    return ",".join(sorted(c.press.board.capabilities)) or 0


def rst(c, n, a):
    """Only the language's own state: an unfinished transfer. The press is left as it is."""
    if c.press.state in states.ARMED:
        raise Refused("*RST is refused while the press is armed")
    c.press.transfer.cancel()


def sre(c, n, a):
    c.status.sre = a[0] & ~64


def sre_q(c, n, a):
    return c.status.sre


def stb_q(c, n, a):
    return c.status.byte(c.out.pending > 0)


def tst_q(c, n, a):
    return c.press.selftest()


def wai(c, n, a):
    """Nothing to wait for: each command is complete when it has run."""


# -- STATus -----------------------------------------------------------------------------------------------------------


def preset(c, n, a):
    c.status.preset()


def event_q(register):
    return lambda c, n, a: register(c).read_event()


def condition_q(register):
    return lambda c, n, a: register(c).condition


def enable(register):
    def handler(c, n, a):
        register(c).enable = a[0] & 0x7FFF

    return handler


def rising(register):
    def handler(c, n, a):
        register(c).rising = a[0] & 0x7FFF

    return handler


def falling(register):
    def handler(c, n, a):
        register(c).falling = a[0] & 0x7FFF

    return handler


def register_rows(name, register, what):
    root = "STATus:" + name
    return (
        (root + "[:EVENt]?", event_q(register), "", "Events of the %s register; reading clears them" % what),
        (root + ":CONDition?", condition_q(register), "", "The %s register as it is now" % what),
        (root + ":ENABle", enable(register), "int:0:65535", "Events that reach the status byte"),
        (root + ":ENABle?", lambda c, n, a: register(c).enable, "", "The enable mask"),
        (root + ":PTRansition", rising(register), "int:0:65535", "Bits whose rise is an event"),
        (root + ":PTRansition?", lambda c, n, a: register(c).rising, "", "The positive transition filter"),
        (root + ":NTRansition", falling(register), "int:0:65535", "Bits whose fall is an event"),
        (root + ":NTRansition?", lambda c, n, a: register(c).falling, "", "The negative transition filter"),
    )


def operation(c):
    return c.status.operation


def questionable(c):
    return c.status.questionable


# -- SYSTem -----------------------------------------------------------------------------------------------------------


def error_next_q(c, n, a):
    return c.status.errors.next()


def error_all_q(c, n, a):
    errors = c.status.errors
    if not errors.queue:
        return errors.next()
    found = []
    while errors.queue:
        found.append(errors.next())
    return Text([part for text in found for part in (",", text)][1:])


def error_count_q(c, n, a):
    return len(c.status.errors.queue)


def help_lines(c):
    for row in c.commands:
        query = row[0].endswith("?")
        other = (row[0][:-1] if query else row[0] + "?") in [r[0] for r in c.commands]
        if query and other:
            continue  # told by the command's own line
        kind = "" if other else "/qonly/" if query else "/nquery/"
        yield "%s%s%s\n" % ("" if row[0][0] == "*" else ":", row[0].rstrip("?") + ("?" if query else ""), kind)


def help_headers_q(c, n, a):
    """SCPI-99 21.10: a definite-length block of lines, without the CRC that bulk data carries."""
    length = sum(len(line) for line in help_lines(c))
    text = Text(help_lines(c))
    return Block(length, lambda offset, size: text.read(size), with_crc=False)


def help_syntax_q(c, n, a):
    """The rows that a header or its beginning means, with parameters and help."""
    start = a[0].upper().strip(":")
    rows = [r for r in c.commands if r[0].upper().startswith(start) or short_form(r[0]).startswith(start)]
    if not rows:
        raise ScpiError(-224, a[0][:40])
    return Text(
        ("," if i else "") + '"%s %s: %s"' % (r[0], r[2], r[3].replace('"', "'")) for i, r in enumerate(rows)
    )


def lease(c, n, a):
    c.press.lease(a[0])


def time_q(c, n, a):
    return "%d,%d,%d" % (c.press.boot_id, c.press.time_s, c.press.time_ms)


def contact(c, n, a):
    c.press.contact(a[0])


def tick_q(c, n, a):
    """Ticks, worst duration / us, missed ticks, rate / Hz."""
    return ",".join(str(value) for value in c.press.tick_statistics())


def identity_q(c, n, a):
    return quoted(c.press.board.identity)


def memory_q(c, n, a):
    """Free and used heap / bytes; lines, answers and stops that the link counted."""
    free, used = c.press.memory()
    return "%d,%d,%d,%d,%d" % (free, used, c.lost_lines, c.out.dropped, c.stops)


def echo_q(c, n, a):
    return quoted(a[0])


def reboot(c, n, a):
    c.press.reboot()


def bootloader(c, n, a):
    c.press.bootloader()


def firmware_q(c, n, a):
    """How the firmware that runs got there: frozen, app a, app b or simulated; its commit and content hash."""
    return "%s,%s" % (quoted(c.press.board.runs), quoted(c.press.version))


def unlock(c, n, a):
    c.press.service_unlock(a[0])


def lock(c, n, a):
    c.press.service_lock()


TABLE = (
    ("*CLS", cls, "", "Clear the error queue and the event registers; the press is not touched"),
    ("*ESE", ese, "int:0:255", "Enable bits of the standard event register"),
    ("*ESE?", ese_q, "", "The standard event enable mask"),
    ("*ESR?", esr_q, "", "The standard event register; reading clears it"),
    ("*IDN?", idn_q, "", "Maker, board, serial number, firmware: version+gCOMMIT.hCONTENT"),
    ("*OPC", opc, "", "Set the operation-complete bit"),
    ("*OPC?", opc_q, "", "1 when everything before has run"),
    ("*OPT?", opt_q, "", "What the board can do, as words"),
    ("*RST", rst, "", "Reset the language; never moves, vents or unlatches; -221 while armed"),
    ("*SRE", sre, "int:0:255", "Enable bits of the status byte"),
    ("*SRE?", sre_q, "", "The service request enable mask"),
    ("*STB?", stb_q, "", "The status byte"),
    ("*TST?", tst_q, "", "Self-test without motion; 0 is good, else bits of what failed"),
    ("*WAI", wai, "", "Commands run one after the other anyway"),
    ("STATus:PRESet", preset, "", "Set enable masks and transition filters to their preset"),
) + register_rows("OPERation", operation, "operation") + register_rows("QUEStionable", questionable, "questionable") + (
    ("SYSTem:ERRor[:NEXT]?", error_next_q, "", "The oldest error, or 0"),
    ("SYSTem:ERRor:COUNt?", error_count_q, "", "Errors in the queue"),
    ("SYSTem:ERRor:ALL?", error_all_q, "", "All errors, oldest first; the queue is empty afterwards"),
    ("SYSTem:VERSion?", lambda c, n, a: SCPI_VERSION, "", "The SCPI version that this follows"),
    ("SYSTem:HELP:HEADers?", help_headers_q, "", "Every header, as a block of lines"),
    ("SYSTem:HELP:SYNTax?", help_syntax_q, "str", "Parameters and help of the headers that begin like this"),
    ("SYSTem:LEASe", lease, "num:time:1000:86400000", "The host is there for this long, for programs that ask for it"),
    ("SYSTem:TIME?", time_q, "", "Boot id, seconds and milliseconds since boot"),
    ("SYSTem:CONTact", contact, "int:0:4102444800000", "Unix time in ms of the host, kept in the journal"),
    ("SYSTem:TICK?", tick_q, "", "Ticks, worst duration in us, missed ticks, rate in Hz"),
    ("SYSTem:IDENtity?", identity_q, "", "The board's unique identity"),
    ("SYSTem:MEMory?", memory_q, "", "Free and used heap, lost lines, dropped answers, stops"),
    ("SYSTem:ECHO?", echo_q, "str", "The same text again: a host finds the beginning of its answers with it"),
    ("SYSTem:REBoot", reboot, "", "Restart the firmware; in the safe state only"),
    ("SYSTem:BOOTloader", bootloader, "", "Outputs safe, then the chip's boot drive, for a new image; in the safe state only"),
    ("SYSTem:FIRMware?", firmware_q, "", "Where the running firmware lies (frozen, app a, app b, simulated), and its release"),
    ("SYSTem:SERVice:UNLock", unlock, "str", "Enter service with the unlock code: ceilings may be written"),
    ("SYSTem:SERVice:LOCK", lock, "", "Leave service"),
) + commands_press.TABLE + commands_data.TABLE


def of_board(board):
    """The rows that this board has: a simulated plant brings its own, and no other press carries them."""
    if "faults" not in board.capabilities:
        return TABLE
    from stackpress_core.scpi.commands_simulation import TABLE as more

    return TABLE + more
