"""Commands of the language itself: IEEE 488.2, STATus, SYSTem."""

from stackpress_core.errors import Refused, ScpiError
from stackpress_core.scpi.answers import quoted
from stackpress_core.scpi.sources import Block, Text
from stackpress_core.scpi.values import short_form
from stackpress_core.tick import states

SCPI_VERSION = "1999.0"


# -- IEEE 488.2 -------------------------------------------------------------------------------------------------------


def idn_q(c, n, a):
    c.ended = True
    board = c.parts.board
    fields = ("stackpress", board.name, board.identity, c.parts.version)
    return ",".join(str(field).replace(",", " ").replace(";", " ") for field in fields)


def opc_q(c, n, a):
    return 1


def opt_q(c, n, a):
    """What this board can do; generic drivers ask for it."""
    c.ended = True
    return ",".join(sorted(c.parts.board.capabilities)) or 0


def rst(c, n, a):
    """Only the language's own state: an unfinished transfer. The press is left as it is."""
    if c.parts.readings.state in states.ARMED:
        raise Refused("*RST is refused while the press is armed")
    c.parts.transfer.cancel()


def stb_q(c, n, a):
    return c.status.byte(c.out.pending > 0)


def tst_q(c, n, a):
    """0 if all is well, else one bit for each of states.SELFTEST that is not."""
    p, r = c.parts.settings.problems, c.parts.readings
    found = ("config" in p, "calibration" in p, "ceilings" in p, r.stale, c.parts.journal.dropped > 0, r.missed_ticks > 0)
    return sum([1 << i for i, bad in enumerate(found) if bad])


def wai(c, n, a):
    """Nothing to wait for: each command is complete when it has run."""


# -- SYSTem -----------------------------------------------------------------------------------------------------------


def error_next_q(c, n, a):
    return c.status.errors.next()


def error_count_q(c, n, a):
    return len(c.status.errors.queue)


def error_all_q(c, n, a):
    errors = c.status.errors
    found = [errors.next()]
    while errors.queue:
        found.append("," + errors.next())
    return Text(found)


def version_q(c, n, a):
    return SCPI_VERSION


def echo_q(c, n, a):
    return quoted(a[0])


def help_lines(c):
    end = "\n" if c.as_they_are else "\r"  # who takes the first line feed for an answer's end splits at this as well
    patterns = [row[0] for row in c.dispatch.headers.rows()]
    for pattern in patterns:
        query = pattern.endswith("?")
        other = (pattern[:-1] if query else pattern + "?") in patterns
        if query and other:
            continue  # told by the command's own line
        kind = "" if other else "/qonly/" if query else "/nquery/"
        yield "%s%s%s%s" % ("" if pattern[0] == "*" else ":", pattern.rstrip("?") + ("?" if query else ""), kind, end)


def help_headers_q(c, n, a):
    """SCPI-99 21.10: a definite-length block of lines, without the CRC that bulk data carries."""
    length = sum(len(line) for line in help_lines(c))
    text = Text(help_lines(c))
    return Block(length, lambda offset, size: text.read(size), with_crc=False)


def help_syntax_q(c, n, a):
    """The rows that a header or its beginning means, with parameters and help."""
    start = a[0].upper().strip(":")
    rows = [r for r in c.dispatch.headers.rows() if r[0].upper().startswith(start) or short_form(r[0]).startswith(start)]
    if not rows:
        raise ScpiError(-224, a[0][:40])
    return Text(
        ("," if i else "") + '"%s %s: %s"' % (r[0], r[2], r[3].replace('"', "'")) for i, r in enumerate(rows)
    )


def time_q(c, n, a):
    return "%d,%d,%d" % (c.parts.boot_id, c.parts.readings.time_s, c.parts.readings.time_ms)


def tick_q(c, n, a):
    """Ticks, worst duration / us, missed ticks, rate / Hz."""
    r = c.parts.readings
    return "%d,%d,%d,%d" % (r.ticks, r.tick_us_max, r.missed_ticks, r.hz)


def memory_q(c, n, a):
    """Free and used heap / bytes; lines, answers and stops that the link counted."""
    return "%d,%d,%d,%d,%d" % (c.parts.maintenance.memory() + (c.lost_lines, c.out.dropped, c.stops))


def firmware_q(c, n, a):
    """How the firmware that runs got there: frozen, app a, app b or simulated; its commit and content hash."""
    return "%s,%s" % (quoted(c.parts.board.runs), quoted(c.parts.version))


TABLE = (
    ("*CLS", "status.clear", "", "Clear the error queue and the event registers; the press is not touched"),
    ("*ESE", "status.set_ese", "int:0:255", "Enable bits of the standard event register"),
    ("*ESE?", "status.ese", "", "The standard event enable mask"),
    ("*ESR?", "status.read_esr", "", "The standard event register; reading clears it"),
    ("*IDN?", "idn_q", "", "Maker, board, serial number, firmware: version+gCOMMIT.hCONTENT"),
    ("*OPC", "status.complete", "", "Set the operation-complete bit"),
    ("*OPC?", "opc_q", "", "1 when everything before has run"),
    ("*OPT?", "opt_q", "", "What the board can do, as words"),
    ("*RST", "rst", "", "Reset the language; never moves, vents or unlatches; -221 while armed"),
    ("*SRE", "status.set_sre", "int:0:255", "Enable bits of the status byte"),
    ("*SRE?", "status.sre", "", "The service request enable mask"),
    ("*STB?", "stb_q", "", "The status byte"),
    ("*TST?", "tst_q", "", "Self-test without motion; 0 is good, else bits of what failed"),
    ("*WAI", "wai", "", "Commands run one after the other anyway"),
    ("STATus:PRESet", "status.preset", "", "Set enable masks and transition filters to their preset"),
    ("STATus:OPERation[:EVENt]?", "status.operation.read_event", "", "Events of the operation register; reading clears them"),
    ("STATus:OPERation:CONDition?", "status.operation.condition", "", "The operation register as it is now"),
    ("STATus:OPERation:ENABle", "status.operation.set_enable", "int:0:65535", "Events that reach the status byte"),
    ("STATus:OPERation:ENABle?", "status.operation.enable", "", "The enable mask"),
    ("STATus:OPERation:PTRansition", "status.operation.set_rising", "int:0:65535", "Bits whose rise is an event"),
    ("STATus:OPERation:PTRansition?", "status.operation.rising", "", "The positive transition filter"),
    ("STATus:OPERation:NTRansition", "status.operation.set_falling", "int:0:65535", "Bits whose fall is an event"),
    ("STATus:OPERation:NTRansition?", "status.operation.falling", "", "The negative transition filter"),
    ("STATus:QUEStionable[:EVENt]?", "status.questionable.read_event", "",
     "Events of the questionable register; reading clears them"),
    ("STATus:QUEStionable:CONDition?", "status.questionable.condition", "", "The questionable register as it is now"),
    ("STATus:QUEStionable:ENABle", "status.questionable.set_enable", "int:0:65535", "Events that reach the status byte"),
    ("STATus:QUEStionable:ENABle?", "status.questionable.enable", "", "The enable mask"),
    ("STATus:QUEStionable:PTRansition", "status.questionable.set_rising", "int:0:65535", "Bits whose rise is an event"),
    ("STATus:QUEStionable:PTRansition?", "status.questionable.rising", "", "The positive transition filter"),
    ("STATus:QUEStionable:NTRansition", "status.questionable.set_falling", "int:0:65535", "Bits whose fall is an event"),
    ("STATus:QUEStionable:NTRansition?", "status.questionable.falling", "", "The negative transition filter"),
    ("SYSTem:ERRor[:NEXT]?", "error_next_q", "", "The oldest error, or 0"),
    ("SYSTem:ERRor:COUNt?", "error_count_q", "", "Errors in the queue"),
    ("SYSTem:ERRor:ALL?", "error_all_q", "", "All errors, oldest first; the queue is empty afterwards"),
    ("SYSTem:VERSion?", "version_q", "", "The SCPI version that this follows"),
    ("SYSTem:HELP:HEADers?", "help_headers_q", "", "Every header, as a block of lines"),
    ("SYSTem:HELP:SYNTax?", "help_syntax_q", "str", "Parameters and help of the headers that begin like this"),
    ("SYSTem:LEASe", "lease.renew", "num:time:1000:86400000", "The host is there for this long, for programs that ask for it"),
    ("SYSTem:TIME?", "time_q", "", "Boot id, seconds and milliseconds since boot"),
    ("SYSTem:CONTact", "events.host_clock", "int:1577836800000:4102444800000",
     "Unix time in ms of the host, from 2020 on, kept in the journal"),
    ("SYSTem:TICK?", "tick_q", "", "Ticks, worst duration in us, missed ticks, rate in Hz"),
    ("SYSTem:IDENtity?", "board.identity", "", "The board's unique identity"),
    ("SYSTem:MEMory?", "memory_q", "", "Free and used heap, lost lines, dropped answers, stops"),
    ("SYSTem:ECHO?", "echo_q", "text", "The same text again: a host finds the beginning of its answers with it"),
    ("SYSTem:REBoot", "maintenance.reboot", "", "Restart the firmware; in the safe state only"),
    ("SYSTem:BOOTloader", "maintenance.bootloader", "",
     "Outputs safe, then the chip's boot drive, for a new image; in the safe state only"),
    ("SYSTem:FIRMware?", "firmware_q", "", "Where the running firmware lies (frozen, app a, app b, simulated), and its release"),
    ("SYSTem:PASSword:CENable", "maintenance.enter", "text",
     "Enter service with the owner's code: ceilings, calibration and weaker parameters may be written"),
    ("SYSTem:PASSword:CDISable", "maintenance.leave", "[text]", "Leave service"),
    ("SYSTem:PASSword:NEW", "maintenance.set_code", "text,text",
     "Set the owner's code: the one before, empty for the first, and the new one"),
    ("SYSTem:PASSword:STATe?", "maintenance.serviced", "", "1 while service is open"),
    ("SYSTem:PASSword:SET?", "maintenance.owned", "", "1 if the owner has set a code"),
    ("SYSTem:PASSword:FORGet", "maintenance.forget_code", "",
     "Forget a code that was lost; only while BOOTSEL on the board is held"),
)
