"""Any bytes at all, split anywhere: never an exception, only SCPI errors, and the press is undisturbed."""

import re
from fractions import Fraction

from fakes import Parts, Serial
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stackpress_core.errors import ScpiError
from stackpress_core.scpi import commands, headers, status, values
from stackpress_core.scpi.inbox import BURST, KEPT, LINE_MAX
from stackpress_core.scpi.server import Server
from stackpress_core.tick import states

HEADERS = [row[0].replace("<n>", "1").replace("[", "").replace("]", "") for row in commands.rows_of(commands.MODULES)]
MOVERS = ("ARM", "DISarm", "STARt", "STOP", "ABORt", "RESet")
HARMLESS = [h for h in HEADERS if not any(word in h for word in MOVERS)]
PARAMETERS = st.one_of(
    st.sampled_from(["", "1", "-1", "1e9", "5 MPA", '"x"', "'", "MAX", "#H1F", "#15hello"]),
    st.sampled_from(["(@1)", ",", "1,2,3", '"a""b"', "65536", "\t2 \t"]),
    st.text(max_size=20),
)
UNITS = st.tuples(st.sampled_from(HARMLESS), PARAMETERS).map(lambda t: t[0] + " " + t[1].replace("\n", "\r"))
LINES = st.lists(UNITS, max_size=6).map(lambda units: ";".join(units).encode("utf-8", "surrogatepass") + b"\n")
NOISE = st.one_of(st.binary(max_size=400), LINES, st.sampled_from([b"\n", b";", b'"', b"*IDN?\n"]))
KNOWN = {number for number, _ in status.MESSAGES}


def bench(state=states.HOLDING):
    press, serial = Parts(), Serial()
    press.state = state
    return Server(serial, commands.MODULES, press), serial, press


@settings(max_examples=150, deadline=None)
@given(st.lists(NOISE, max_size=8), st.lists(st.integers(1, 60), min_size=1, max_size=20), st.integers(0, 64))
def test_any_bytes_are_errors_at_worst_and_leave_the_press_alone(pieces, cuts, most):
    server, serial, press = bench()
    serial.most = most
    data = re.sub(b"(?i)abor|stop|\x18", b"~", b"".join(pieces))  # what stops has tests of its own
    at = 0
    while at < len(data):
        step = cuts[at % len(cuts)]
        serial.sent += data[at : at + step]
        at += step
        server.poll(64)
        assert server.inbox.end <= len(server.inbox.buf) in (KEPT, BURST) and server.inbox.end - server.inbox.begun <= LINE_MAX
        assert server.out.pending <= server.out.size
    assert press.state == states.HOLDING
    assert not [d for d in press.done if d[0] not in ("lease", "contact")]
    assert {number for number, _ in server.status.errors.queue} <= KNOWN


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, max_size=4), st.lists(st.integers(1, 40), min_size=1, max_size=10))
def test_how_the_bytes_are_split_over_passes_changes_nothing(lines, cuts):
    whole, split = bench(), bench()
    for line in lines:
        line = line.replace(b"\x03", b"").replace(b"\x18", b"")  # these two act when they come, whatever waits
        whole[1].sent += line
        at = 0
        while at < len(line):
            step = cuts[at % len(cuts)]
            split[1].sent += line[at : at + step]
            at += step
            split[0].poll()
        for _ in range(300):
            whole[0].poll()
            split[0].poll()
    assert whole[1].got == split[1].got
    assert whole[0].status.errors.queue == split[0].status.errors.queue
    assert whole[2].done == split[2].done


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.binary(max_size=80), max_size=5),
    st.sampled_from([b"\x18", b"\nABORt\n", b"\n:abor\r\n"]),
    st.binary(max_size=80),
)
def test_a_stop_is_acted_on_in_the_pass_in_which_it_arrives(before, stop, after):
    server, serial, press = bench()
    serial.most = 3
    serial.sent = b"SYST:HELP:HEAD?\n"
    server.poll()
    for piece in before:
        serial.sent += piece.replace(b"\x18", b"").replace(b"ABOR", b"").replace(b"abor", b"")
        server.poll(400)
    assert "abort" not in press.done
    serial.sent += stop + after
    server.poll(1000)
    assert "abort" in press.done


# 488.2's 7.7.2.2 and 7.7.3.2 as a pattern: mantissa, exponent with white space round its E, suffix with white space before it
DECIMAL = re.compile(r"([+-]?)(?:(\d+)\.?(\d*)|\.(\d+))(?: *[eE] *([+-]?\d+))?+ *([A-Za-z][A-Za-z0-9/.^-]*)?")


def by_the_pattern(text):
    """What 488.2 makes of the text: (value, suffix), None where it is no number, or the error of its exponent or suffix."""
    found = DECIMAL.fullmatch(text)
    if not found:
        return None
    sign, whole, fraction, point, exponent, suffix = found.groups()
    digits = (whole or "") + (fraction or point or "")
    if len(suffix or "") > 12 or abs(int(exponent or 0)) > 32000:
        return -134 if len(suffix or "") > 12 else -123
    value = Fraction(int(digits), 10 ** len(fraction or point or "")) * Fraction(10) ** int(exponent or 0)
    return -value if sign == "-" else value, suffix or ""


NEAR_NUMBERS = st.one_of(
    st.text(alphabet="0123456789+-.eE NK", max_size=12),
    st.tuples(st.sampled_from(["", "+", "-"]), st.from_regex(r"0{0,20}[0-9]{0,9}\.?[0-9]{0,9}", fullmatch=True),
              st.from_regex(r"( {0,2}[eE] {0,2}[+-]?0{0,9}[0-9]{1,2})?", fullmatch=True), st.sampled_from(["", " N", "KN", " e", "E"]))
    .map("".join),
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(NEAR_NUMBERS)
@example("1 E1")
@example("1E 1")
@example("0" * 36 + "5")
@example("1E1.5")
@example("1 e")
@example("0E40000")
def test_a_number_is_what_a_second_parser_makes_of_it(text):
    text = text.strip(" ")
    wanted = by_the_pattern(text)
    try:
        mantissa, power, suffix = values.split_number(text)
    except ScpiError as error:
        assert wanted in (None, error.number), text
        return
    assert isinstance(wanted, tuple), text
    value = Fraction(mantissa) * Fraction(10) ** power
    assert suffix == wanted[1] and (value == wanted[0] or abs(wanted[0]) < Fraction(1, 10**40) or abs(wanted[0]) > 10**39), text


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(HARMLESS), st.binary(min_size=1, max_size=4), st.text(alphabet="abc;,'()#12 \t", max_size=9)), min_size=1, max_size=5))
def test_what_separates_changes_nothing_and_strings_hide_what_they_hold(units):
    """A line with any white space and any strings means what it means with blanks and without."""
    wild, plain = bench(), bench()
    whites = [bytes(byte % 33 for byte in white if byte % 33 not in (3, 10, 13, 24)) or b" " for _, white, _ in units]
    for (header, _, text), white in zip(units, whites, strict=True):
        string = b'"' + text.encode() + b'"'
        for one, between in ((wild, white), (plain, b" ")):
            one[1].sent += b":" * (header[0] != "*") + header.encode() + between + string + between + b"\n"
            for _ in range(30):
                one[0].poll()
    assert wild[1].got == plain[1].got
    assert [error[0] for error in wild[0].status.errors.queue] == [error[0] for error in plain[0].status.errors.queue]
    assert wild[2].done == plain[2].done


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30), st.sampled_from(["force", "pressure", "time", "length", "ratio"]))
def test_any_text_is_a_number_or_a_scpi_error(text, quantity):
    try:
        mantissa, power, suffix = values.split_number(text)
        values.to_integer(mantissa, power, *values.factor(quantity, suffix))
    except ScpiError as error:
        assert error.number in KNOWN


@settings(max_examples=200, deadline=None)
@given(st.integers(-(10**12), 10**12), st.integers(0, 9))
def test_decimal_text_reads_back_exactly(value, places):
    text = values.decimal(value, 10**places, 1, places)
    mantissa, power, _ = values.split_number(text)
    assert values.to_integer(mantissa, power, 10**places) == value


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_strings_survive_quoting(text):
    plain = text.replace("\n", " ").replace("\r", " ")
    assert values.string(status.quoted(text)) == plain
    assert headers.split_outside(status.quoted(text), ";") == [status.quoted(text)]
