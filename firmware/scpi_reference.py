"""Writes SCPI.md, the reference of the language on the wire, from the command table: it can't say anything else.

`python firmware/scpi_reference.py` renews the file; a test compares the two.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
FILE = HERE / "stackpress_core/scpi/SCPI.md"
for room in (HERE, HERE / "tests" / "shim"):
    if str(room) not in sys.path:
        sys.path.insert(0, str(room))

from stackpress_core.scpi import commands, commands_simulation, inbox, line_safe, outbox, server, status, values  # noqa: E402
from stackpress_core.tick import interlock  # noqa: E402

INTRO = f"""# The language on the wire

SCPI-99 over IEEE 488.2, on the USB serial port (any baud rate). A line ends with LF, CR or CR LF and has at most
{inbox.LINE_MAX} bytes; an answer ends with LF. Mnemonics have a short form (the capitals) and a long form, in any case.
Units of one line are separated by `;` and keep the path; a leading `:` starts at the root again; common commands (`*`)
leave the path alone. Answers of one line are joined by `;`; after `*IDN?` and `*OPT?`, whose answers go on to the end of
the line, a query of the same line is error -440.

What separates is any white space of IEEE 488.2: the characters 0 - 32 but LF, CR, {inbox.BREAK:#04x} and {inbox.STOP:#04x};
inside a string they are text. Numbers are those of 488.2: `10`, `1E1`, `1 e +1`, `#HA`, `#Q12`, `#B1010`, with 255 digits
that count and exponents to 32000. What a host left half written when it closed the port is forgotten; lines of it that
still wait then are run, and what they would answer is nobody's.

- **Stop.** The byte 0x18, a unit `ABORt` and a unit `STOP` with whatever it asks for are obeyed as they arrive: ahead of lines
  that wait, and while a block is being sent (the block stays whole). 0x18 and `ABORt` vent the press at once. Lines that wait
  are then forgotten, except queries and common commands, and so is what stands before the stop in its own line; error -200
  says how many. The line that was begun when 0x18 came is one of them, up to its end; if it goes on with `ABORt` or `STOP`,
  that stops again. A line that ends with `ABORt`, whatever stands before it, was given up in the middle: it stops, and
  nothing else of it is run (`CALibration:ABORt` is another word).
- **Break.** A break on the line (the USB request SEND_BREAK) does what 0x18 does, and waits for room in no buffer.
- **0x03** is obeyed in the safe state only, and on a press whose owner has set a code in service only: it leads to the MicroPython
  prompt. Elsewhere it is error -102, and a program that asks for the raw prompt all the same (mpremote) is told the state and that
  nothing was touched.
- **Errors** wait in a queue of 16; -350 stands in the last place when some had to be left out, which sets bit 3 of `*ESR?`
  beside their own. -221 carries the press's own words: what keeps it from doing what was asked. No text holds a comma. A
  command error ends its line, an execution error does not.
- **`*RST` and `*CLS`** never move, vent or unlatch anything. While the press is armed `*RST` answers -221.
- **Commands complete** when they have run: `PROGram:STARt` when the program has started. Progress is read from
  `STATus:OPERation`, `PROGram:STATe?` and `TELemetry?`; so `*OPC?` answers 1 at once and `*WAI` waits for nothing.
- **Bulk** comes as a definite-length block, `#<digits><length><bytes>`, whose last four bytes are the CRC-32 of the
  rest, little endian (counted in the length). `SYSTem:HELP:HEADers?` alone has none. No block holds a line
  feed, so that a program which ends an answer at the first one reads it whole: a document has blanks for them, the list of headers
  has CR, and records come as
  {line_safe.MARK!r}, then for every {line_safe.PIECE} bytes a key and these bytes XORed with it, then one more key. A line
  that ends with {server.AS_THEY_ARE:#04x} asks for bytes as they are, until a line that is a tab, or until the port is
  closed. Towards the press, documents come as base64 text: {inbox.STOP:#04x} and {inbox.BREAK:#04x} are never data.
- **Bounds.** Lines wait in {inbox.KEPT} bytes, and in {inbox.BURST} while a burst lasts; when these are full the press takes
  nothing more from its port, so the host is held back and no line is lost. What a program sends that looks for modems on every new
  port (`AT`, `ATE1`, `AT+CGMI`) is neither answered nor an error. Answers that nobody reads for {outbox.UNREAD_MS} ms while a line
  waits are dropped, with -410, or -430 if no more lines could be taken in either; what was cut short ends with LF. Then
  nothing is answered until somebody reads.
- **Not a number** (no such sensor) is 9.91E+37.

## Units

`MPA` is megapascal, an exception to IEEE 488.2's M = milli, as MHZ is. A suffix that is not listed is error -131. A
number without a suffix is in the first unit.
"""
BITS = """
## Status registers

| STATus:OPERation | is set while |
| --- | --- |
| 1 | a calibration is under way |
| 32 | the program waits for a trigger |
| 64 | the press is safe and waits to be armed |
| 256 | ready (armed) |
| 512 | pressing |
| 1024 | holding |
| 2048 | releasing |
| 4096 | service |
| 16384 | a program is running |

| STATus:QUEStionable | is set while one of these reasons is active or warns |
| --- | --- |
"""


def units():
    lines = ["| quantity | suffixes |", "| --- | --- |"]
    for name, default, rows in values.UNITS:
        rest = [suffix or "(none)" for suffix, _, _ in rows if suffix != default]
        lines.append(f"| {name} | {', '.join([default or '(none)'] + [r for r in rest if r != '(none)' or default])} |")
    return "\n".join(lines) + "\n"


def registers():
    told = {bit: ", ".join(row[interlock.NAME] for row in interlock.ROWS if row[interlock.CONCERN] == concern)
            for concern, bit in status.QUES_OF_CONCERN.items() if bit}
    told[status.QUES_TRIPPED] = "(the press has tripped)"
    told[status.QUES_WARNING] = "any interlock row"
    return BITS + "\n".join(f"| {bit} | {text} |" for bit, text in sorted(told.items())) + "\n"


def parameter(token):
    """One parameter of a spec, as a manual writes it."""
    optional, fields = token[0] == "[", token.strip("[]").split(":")
    kind = fields[0]
    text = {"str": "string", "text": "string", "unit": "unit", "bool": "ON or OFF"}.get(kind, fields[-1].replace("|", " or "))
    if kind == "int":
        text = f"{fields[1]} .. {fields[2]}"
    elif kind == "num":
        text = fields[1]
    return f"[{text}]" if optional else text


def command_rows(title, table):
    lines = [f"## {title}\n", "| header | parameters | |", "| --- | --- | --- |"]
    for pattern, _, spec, text in table:
        told = ", ".join(parameter(token) for token in spec.split(",")) if spec else ""
        lines.append(f"| `{pattern}` | {told} | {text} |")
    return "\n".join(lines) + "\n"


SIMULATION = """Only on boards whose plant is simulated (`sim`, `dryrun`); elsewhere these headers are undefined.
`SIMulation:TRUTh?` answers force / cN, displacement / nm, drive / cN, valve code, valve bits (1 fill open, 2 vent open, 4 dump
closed), valve moves, largest force since the specimen was put in / cN, and the force on each cell / cN.
"""


def errors():
    lines = ["## Error numbers\n", "| number | text |", "| --- | --- |"]
    return "\n".join(lines + [f"| {number} | {text} |" for number, text in status.MESSAGES]) + "\n"


def reference():
    """The whole of SCPI.md."""
    simulation = command_rows("Commands of a simulated plant", commands_simulation.TABLE)
    tables = [command_rows("Commands", commands.rows_of(commands.MODULES)), simulation + "\n" + SIMULATION]
    return "\n".join([INTRO, units() + registers(), *tables, errors()])


if __name__ == "__main__":
    FILE.write_text(reference(), encoding="utf-8")
