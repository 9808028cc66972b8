"""Odd lines that manuals, other instruments and other parsers' tests hold, and what IEEE 488.2 and SCPI-99 say of each.

A row is a line, its answer and its errors; the chapters are those of 488.2. Rows run on CPython and on MicroPython, each
twice on one press: what is remembered of a line must not change what it means.
"""

from fakes import Parts, Serial
from stackpress_core.errors import ScpiError
from stackpress_core.scpi import arguments, commands, headers, inbox, status
from stackpress_core.scpi.server import Server, decoded, is_harmless
from stackpress_core.tick import states

ZEROS, NINES = "0" * 250, "9" * 255

# 7.7.2: decimal numbers; *ESE takes 0 .. 255, and the line asks what it took.
NUMBERS = (
    ("7", 7), ("+7", 7), ("7.", 7), (".7E1", 7), ("0.7E1", 7), ("70E-1", 7), ("7e0", 7), ("1 E1", 10), ("1E 1", 10), ("1 E 1", 10),
    ("1 e +1", 10), ("100 E -1", 10), ("1\tE\t1", 10), ("1E+01", 10), ("1E0000000001", 10), ("0" * 36 + "5", 5), (ZEROS + "9", 9),
    ("0." + ZEROS + "5E251", 5), (ZEROS + ".5E1", 5), ("0.0000000000000000000000000000000000000005E40", 5), ("2.5", 3), ("2.4999999999", 2),
    ("-0", 0), ("-0.4", 0), ("0E32000", 0), ("0E-32000", 0), ("1E-32000", 0), ("1E-41", 0), ("12." + "0" * 240, 12), ("  17  ", 17),
    ("#H1F", 31), ("#h1f", 31), ("#Q17", 15), ("#B101", 5), ("#B" + "0" * 40 + "11", 3), ("#H0000000000000000000000000000000000000A", 10),
    ("MAX", 255), ("minimum", 0),
)  # fmt: skip

# what *ESE can't take, and why
NO_NUMBERS = (
    ("1E41", -222), ("1E32000", -222), ("-1E32000", -222), (NINES, -222), ("256", -222), ("-1", -222), ("255.5", -222), ("#H100", -222),
    ("#HFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", -222), ("1E32001", -123), ("1E-32001", -123), ("1E99999999999999999999", -123),
    ("0E32001", -123), (NINES + "1", -124), ("1" + "0" * 255, -124), ("0.1" + "0" * 255, -124), (".", -121), ("+", -121), ("-.", -121),
    ("--1", -121), ("+-1", -121), ("1..2", -121), ("1.2.3", -121), ("1E1.5", -121), ("1E1 +", -121), ("#H", -121), ("#HG", -121),
    ("#B2", -121), ("#Q8", -121), ("#B1.1", -121), ("1 000", -121), ("1:CYCL:STAT?", -103), ("1 N", -138), ("1N", -138), ("1E", -138),
    ("1 E1 KN", -138), ("1E1E1", -138), ("#H1F KN", -138), ("#B1 S", -138), ("1 @", -121), ("1 N%", -131), ("1 NEWTONMETRES2", -134),
    ("(1)", -178), ("(@1,2)", -178), ("(@1!2:3!4,5)", -178), ("(1+(2,3))", -178), ("( 1 + 2 )", -178), ("(1", -171), ("(1))", -171),
    ("((1)", -171), ("(1)2", -171), ("#12AB", -168), ("#0whatever", -168), ("#15a,b;c", -168), ("#10", -168), ("#13AB", -161),
    ("#", -161), ("#X1", -161), ("#1", -161), ("#2 5hello", -161), ('"7"', -104), ("'7'", -104), ("SEVEN", -224), ("HO-LD", -141),
    ("ABCDEFGHIJKLM", -144), ("", -109), ("1,2", -108), ("1,", -108), (",1", -108),
)  # fmt: skip

# whole lines: what is answered, which errors
LINES = (
    ("*ESE?", "0", ()), ("*ESE ?", "", (-121,)), (" *ese? ", "0", ()), ("*ESE?;", "0", ()), (";*ESE?", "0", ()), (";;;*ESE?;;", "0", ()),
    ("*CLS;*ESE?;*SRE?", "0;0", ()), ("*IDN?;:SYST:VERS?", "stackpress,bench,e660-0001,0.0.0", (-440,)),
    ("*ESE?;*IDN?", "0;stackpress,bench,e660-0001,0.0.0", ()), ("*OPT?;*ESE?;*SRE?", "cells", (-440, -440)), ("*IDN?;*CLS", None, ()),
    ("SYST:VERS?;ERR:COUN?", "1999.0;0", ()), ("SYST:VERS?;SYST:VERS?", "1999.0", (-113,)), ("SYST:VERS?;:SYST:VERS?", "1999.0;1999.0", ()),
    (":*ESE?", "", (-102,)), ("SYST::VERS?", "", (-102,)), ("SYST:VERS:?", "", (-102,)), ("SYST:", "", (-102,)), (":", "", (-102,)),
    ("?", "", (-102,)), ("*", "", (-113,)), ("1*ESE?", "", (-102,)), ("SYST:1VERS?", "", (-102,)), ("SYST:VERS??", "", (-111,)),
    ("SYST:VERS?N", "", (-111,)), ('SYST:ECHO?"x"', "", (-111,)), ("*ESE#H1F", "", (-111,)), ("*ESE,1", "", (-111,)), ("*ESE(1)", "", (-111,)),
    ("*ESE-1", "", (-111,)), ("SYST&VERS?", "", (-101,)), ("SYST=1", "", (-101,)), ("]]", "", (-101,)), ("SYST:VERS\x7f?", "", (-101,)),
    ("SYST:VERSI?", "", (-113,)), ("SYS:VERS?", "", (-113,)), ("SYST:VERS 1", "", (-113,)), ("SYST:VERS? 1", "", (-108,)),
    ("ABCDEFGHIJKLM:X", "", (-112,)), ("MEAS:FORC:CELL0?", "", (-114,)), ("MEAS:FORC:CELL99999999?", "", (-114,)),
    ('SYST:ECHO? "a\tb"', '"a\tb"', ()), ("SYST:ECHO? 'a\tb\x01\x1f'", '"a\tb\x01\x1f"', ()), ('SYST:ECHO? "it\'s"', '"it\'s"', ()),
    ("SYST:ECHO? 'it''s'", '"it\'s"', ()), ('SYST:ECHO? "a""b"', '"a""b"', ()), ('SYST:ECHO? "(@1,2);#15"', '"(@1,2);#15"', ()),
    ('SYST:ECHO? ""', '""', ()), ('SYST:ECHO? "a', "", (-151,)), ("SYST:ECHO? 'a\"", "", (-151,)), ('SYST:ECHO? "a"b', "", (-151,)),
    ('SYST:ECHO? "a";ECHO? "b', '"a"', (-151,)), ("SYST:ECHO? a", "", (-104,)), ("SYST:ECHO? 1", "", (-104,)), ("SYST:ECHO? (1)", "", (-178,)),
    ("SYST:ECHO? #11a", "", (-168,)), ("MEAS:FORC? (@1)", "", (-178,)), ("MEAS:FORC? 1", "", (-104,)), ("MEAS:FORC? KN,N", "", (-108,)),
    ("*ESE #17;*SRE 1;*ESE?", "", (-168,)), ("*ESE (1;*SRE 1", "", (-171,)), ("*SRE 3 S;*ESE 1;*ESE?", "", (-138,)),
)  # fmt: skip

WHITE = [byte for byte in range(33) if byte not in (3, 10, 13, 24)]


def bench():
    press, serial = Parts(), Serial()
    press.board.capabilities = ("cells",)
    return Server(serial, commands.MODULES, press), serial, press


def ask(server, raw):
    server.serial.got = b""
    server.serial.sent += raw if isinstance(raw, bytes) else raw.encode()
    for _ in range(60):
        server.poll()
    return server.serial.got.decode()


def errors(server):
    found = [number for number, _ in server.status.errors.queue]
    server.status.errors.clear()
    return found


def test_there_are_as_many_odd_inputs_as_promised():
    assert len(NUMBERS) + len(NO_NUMBERS) + len(LINES) > 160


def test_a_number_is_what_488_2_says_whatever_its_form():
    server, _, _ = bench()
    for text, value in NUMBERS:
        for _ in range(2):
            ask(server, "*ESE %d\n" % (1 if value else 2))
            assert ask(server, "*ESE " + text + "\n*ESE?\n") == "%d\n" % value, text
            assert errors(server) == [], text


def test_what_is_no_number_gets_its_own_error_and_changes_nothing():
    server, _, _ = bench()
    ask(server, "*ESE 77\n")
    for text, number in NO_NUMBERS:
        for _ in range(2):
            assert ask(server, "*ESE " + text + "\n*ESE?\n") == "77\n", text
            assert errors(server) == [number], text


def test_odd_lines_are_answered_or_refused_as_the_standards_say():
    for text, answer, numbers in LINES:
        server, _, press = bench()
        for _ in range(2):
            got = ask(server, text + "\n")
            assert answer is None or got == (answer + "\n" if answer else ""), text
            assert errors(server) == list(numbers), text
        assert press.done == [] and server.status.sre == 0


def test_any_white_space_separates_and_a_parameter_is_never_dropped():
    for byte in WHITE:
        white = bytes([byte])
        server, _, press = bench()
        for _ in range(3):
            for word in ("HOLD", "vent", "CONTrolled"):
                ask(server, b"STOP" + white + word.encode() + b"\n")
        assert [done[1] for done in press.done] == ["hold", "vent", "controlled"] * 3, byte
        for _ in range(2):
            assert ask(server, b"MEAS:FORC?" + white * 3 + b"KN" + white + b"\n") == "0.66366\n", byte
            assert ask(server, white + b":SYST:VERS?" + white + b";" + white + b"ERR:COUN?\n") == "1999.0;0\n", byte
            assert ask(server, b"MEAS:FORC:CELL2?" + white + b"CN;" + white + b"CELL2?\n") == "200;2\n", byte
        assert errors(server) == [], byte


def test_a_header_that_is_known_takes_its_parameter_whatever_stood_before():
    server, _, press = bench()
    for line in (b"STOP\n", b"STOP\tHOLD\n", b"STOP \x01 HOLD\n", b"STOP\x0bVENT\n", b"STOP\n", b"STOP\x00HOLD\n"):
        ask(server, line)
    assert [done[1] for done in press.done] == ["controlled", "hold", "hold", "vent", "controlled", "hold"]
    assert ask(server, b"MEAS:FORC?\x0cKN\nMEAS:FORC?\nMEAS:FORC?\tKN;FORC? CN\n") == "0.66366\n663.66\n0.66366;66366\n"


def test_what_is_out_of_range_is_told_in_the_unit_that_was_given():
    for text, told in (("SYST:LEAS 0", "0 is outside 1 .. 86400"), ("SYST:LEAS 2E9 MS", "2E9 MS is outside 1000 .. 86400000"),
                       ("SYST:LEAS .01 MIN", ".01 MIN is outside 0.016667 .. 1440"), ("*ESE 1E32000", "1E32000 is outside 0 .. 255")):  # fmt: skip
        server, _, _ = bench()
        ask(server, text + "\n")
        assert ask(server, "SYST:ERR?\n") == '-222,"Data out of range;%s"\n' % told


def test_only_an_echo_keeps_control_characters():
    """A record ends its texts with a zero byte, and a display has no sign for the others."""
    server, _, press = bench()
    ask(server, b"CYCL:ARM;:PROG:STAR 'a\tb','LIC\x00\x01 7','\x1fAB'\n")
    assert press.done[-1] == ("start", "a b", "LIC   7", " AB") and errors(server) == []


def test_line_ends_are_lf_cr_and_both():
    for end in (b"\n", b"\r", b"\r\n", b"\n\r", b"\r\r\n"):
        server, _, press = bench()
        assert ask(server, b"*ESE 3" + end + b"*ESE?" + end + b"STOP HOLD" + end) == "3\n", end
        assert press.done == [("stop", "hold")] and errors(server) == [], end
        ask(server, b"ABOR" + end)
        assert press.done[-1] == "abort" and errors(server) == [], end


def test_a_line_that_was_begun_when_the_stop_byte_came_is_forgotten_to_its_end():
    begun = (b"*CLS;\x18CYCL:ARM;:PROG:STAR \"hold20\"\n", b"\x18", b"x\x18CYCL:ARM\r", b"*IDN?;\x18;CYCL:ARM;ARM;ARM\r\n",
             b"CYCL\x18:ARM\n", b"C\x18YCL\x18:ARM\n", b"y" * 900 + b"\x18CYCL:ARM\n", b"x\x18" + b"CYCL:ARM;" * 90 + b"\n",
             b"\t:CYCL:\x18\x18CYCL:ARM\n", b"\xff\x18CYCL:ARM\n", b"'\x18'CYCL:ARM\n")  # fmt: skip
    for raw in begun:
        server, _, press = bench()
        assert ask(server, raw) == "", raw
        assert set(press.done) == {"abort"} and press.state == states.SAFE, raw
        assert errors(server) == ([-200] if raw[0] != 0x18 else []) or raw.count(b"\x18") > 1, raw
        assert ask(server, b"CYCL:ARM\n*ESE?\n") == "0\n" and press.state == states.READY, raw


def test_a_line_that_was_not_begun_when_the_stop_byte_came_is_run():
    for raw in (b"\x18CYCL:ARM\n", b"*CLS\n\x18CYCL:ARM\n", b"*CLS\r\x18\nCYCL:ARM\r\n", b" \t\x18CYCL:ARM\n", b"\x18\x18 \x18CYCL:ARM\n"):
        server, _, press = bench()
        ask(server, raw)
        assert press.done[-1] == "arm" and press.state == states.READY, raw


def test_abort_stops_in_a_line_that_is_forgotten():
    for raw in (b"*CLS;\x18ABOR\n", b"CYCL:ARM;\x18 :abort;:CYCL:ARM\n", b"x\x18\x00ABORt\r"):
        server, _, press = bench()
        ask(server, raw)
        assert press.done == ["abort", "abort"], raw


def test_abort_behind_half_a_line_stops():
    for raw in (b"MEAS:FOABORt\n", b"PROG:STAR 'hold20abor\r", b"CYCL:ARMABOR \t\n", b"*ESE 1ABORT\r\n", b"STOP HOABORT\n", b"\xffabort\n",
                b"x" * 300 + b"ABORt\n", b"CALABOR\n"):  # fmt: skip
        server, _, press = bench()
        assert ask(server, raw) == "" and press.done == ["abort"] and errors(server)[-1] == -200, raw
    for raw in (b"CAL:ABOR\n", b"CALibration:ABORt\n", b":cal:abort\n", b"SYST:ECHO? 'abort'\n", b"ABORTION\n", b"MEAS:FORT\n", b"LABOUR\n"):
        server, _, press = bench()
        ask(server, raw)
        assert "abort" not in press.done or b"cal" in raw.lower(), raw
        assert server.stops == 0, raw


def test_sixty_wrong_lines_at_once_keep_the_oldest_and_say_that_more_came():
    for line in (b"FOO\n", b"*IDN\r", b"CYCL:ARM?\r\n", b"NO:SUCH 1,2,3;*ESE 5\n"):
        server, serial, _ = bench()
        serial.sent = line * 60
        for _ in range(200):
            server.poll()
        found = errors(server)
        assert found == [-113] * 15 + [-350] and server.lost_lines == 0, line


def test_what_a_host_that_left_had_begun_is_not_finished_by_the_next():
    for begun in (b"ABOR", b"STOP VENT", b"AT", b"~\x00x\xf0~", b'PROG:STAR "', b"z" * 500, b"x\x18CYCL:ARM"):
        server, serial, press = bench()
        ask(server, begun)
        before = list(press.done)
        server.hung_up()
        assert ask(server, b"*ESE?\n") == "0\n" and press.done == before, begun


def test_answers_to_a_host_that_left_are_nothing_for_the_next_and_its_commands_are_run():
    for asked in (b"*IDN?\n" * 9, b"MEAS:FORC?\n" * 40, b"*IDN?;*ESE?\r\n" * 9, b"*ESE?;*SRE?;*ESE?;*SRE?;*ESE?;*SRE?\n" * 3, b'DATA:READ? "config"\n*IDN?\n',
                  b"LOG:READ? 0,4096\n" * 3, b"SYST:HELP:HEAD?\n" * 3, b"\x7f\x1f\nLOG:READ? 0\n\x7f\x1f\n", b"TEL? 0,64\n" * 9):  # fmt: skip
        for passes in range(1, 5):
            server, serial, press = bench()
            ask(server, b"MEAS:FORC?\n" * 2)  # a question that is known
            serial.got, serial.sent = b"", asked + b"*ESE 7\nSTOP HOLD\n*SRE 3\nABO"
            for _ in range(passes):
                server.poll()
            serial.heard = 2
            server.poll()
            assert ask(server, b"*ESE?;*SRE?\n") == "7;3\n" and press.done == [("stop", "hold")], (asked, passes, press.done)
            assert not server.as_they_are


def test_an_error_queue_that_overflows_is_a_device_dependent_error():
    server, _, _ = bench()
    for _ in range(16):
        ask(server, "FOO\n")
    assert ask(server, "*ESR?\n") == "160\n"  # command error and power on
    ask(server, "FOO\n")
    assert ask(server, "*ESR?\n") == "40\n"
    ask(server, "STOP 5,6\n*ESE 256\n")
    assert ask(server, "*ESR?\n") == "56\n"  # what was left out has its own bit still
    ask(server, "*CLS\nFOO\n")
    assert ask(server, "*ESR?\n") == "32\n"


def test_no_text_of_an_error_holds_a_comma():
    server, _, press = bench()
    for number, text in ((-221, "the supply is low, or its wire is off"), (-113, "A,B"), (-256, '"x,y" is missing, or bad'), (-300, "x" * 199 + ",")):
        server.status.error(number, text)
        answer = ask(server, "SYST:ERR?\n")
        assert answer.count(",") == 1 and answer.startswith("%d," % number), answer
    for _, text in status.MESSAGES:
        assert "," not in text


def test_a_port_that_was_closed_in_the_pass_in_which_its_last_bytes_came_leaves_nothing_half_written():
    for begun in (b"ABOR", b"*ESE 5\nABOR", b"STOP VENT;", b"*ESE 5\r\nPROG:STAR 'a"):
        server, serial, press = bench()
        serial.sent, serial.heard = begun, 2
        server.poll()
        assert ask(server, b"*ESE?\n") == ("5\n" if b"5" in begun else "0\n") and press.done == [] and errors(server) == [], begun


def test_integers_that_are_bound_in_one_go_are_what_each_of_them_is_alone():
    specs = ("int:0:255", "int:0:4294967295,[int:512:4096]", "int:0:1073741823,[int:1:64]", "[int:1:9:3]", "int:5:9,str", "int:-3:9", "num:force:0:9",
             "int:0:9,int:0:9,[int:0:9],[int:0:9]", "int:0:9,int:0:9,int:0:9,int:0:9,int:0:9")  # fmt: skip
    texts = ("0", "7", "255", "256", "007", "9" * 9, "9" * 10, "512", "1,512", "1,511", "1,4096", "1,4097", "1,,2", ",1", "1,", "1, 600", "-1", "+1",
             "1 E1", "1.5", "#HA", "5,'x'", "1,2", "1,2,3", "1,2,3,4", "1,2,3,4,5", "4294967295", "4294967296", "1\u00b2", "MAX", "1,MAX")  # fmt: skip

    def slowly(spec, text):
        parts = [part.strip(" ") for part in headers.split_outside(text, ",")]
        tokens = spec.split(",")
        if len(parts) > len(tokens):
            return -108
        found = []
        for i, token in enumerate(tokens):
            if i < len(parts) and parts[i]:
                try:
                    found.append(arguments.one(token.strip("[]").split(":"), parts[i]))
                except ScpiError as error:
                    return error.number
            elif token[0] != "[" or i < len(parts):
                return -109
            else:
                found.append(None)
        return found

    for spec in specs:
        for text in texts:
            try:
                quickly = arguments.bind(spec, text)
            except ScpiError as error:
                quickly = error.number
            assert quickly == slowly(spec, text), (spec, text)


def test_the_list_of_headers_has_no_line_feed_for_who_takes_the_first_one_for_the_end():
    server, serial, _ = bench()
    server.hung_up()  # as a press starts
    for length in ("HELP:HEAD?", "HELP:HEADERS?"):
        lines = ask(server, "SYST:" + length + "\n")
        assert lines.count("\n") == 1 and lines.endswith("\n")
        assert len(lines) == 2 + int(lines[1]) + int(lines[2 : 2 + int(lines[1])]) + 1
        assert ":SYSTem:HELP:HEADers?/qonly/" in lines.splitlines() and "*CLS/nquery/" in lines[2 + int(lines[1]) :].split("\r")

# What ModemManager asks on a port that it does not know (mm-port-probe.c and its plugins), and what others ask who look for modems.
PROBES = ("AT", "at", "ATZ", "ATE1", "ATE0", "ATE1 E0", "ATE0+CPMS?", "ATI", "ATI1I2", "AT+CGMI", "AT+GMI", "AT+CGMM", "AT+GMM", "AT+GCAP",
          "AT+CPIN?", "AT&F", "ATQ0 V1 E1 S0=0 &C1 &D2 +FCLASS=0", "ATH", "ATV1", "ATX4", "AT$NWDMAT=1", "AT%IPSYS?", "AT^SYSINFO",
          "AT!GCAP?", "AT#CID?", "AT\\V1", "ATS0=0", "+++", "+++ATH")  # fmt: skip


def test_what_a_search_for_modems_leaves_is_nothing_for_the_next_client():
    for probe in PROBES:
        for end in ("\r", "\r\n", "\n"):
            server, _, press = bench()
            assert ask(server, (probe + end) * 3) == "" and errors(server) == [] and press.done == [], probe
            assert ask(server, "*ESE?\n") == "0\n" and ask(server, "*ESR?\n") == "128\n", probe


def test_what_only_begins_like_a_search_for_modems_is_an_error():
    for line in ("ATT:FORC?", "ATTenuation 3", "ATE:FORC?", "AT?", "AT:FORC?", "AT 1", "ATEST", "ATZERO", "AT*IDN?", "ATDT123", "ATA", "A/", "T+CGMI",
                 "X;AT", "AT;*ESE 5", "ATM:VERS?", "++", "+++x"):  # fmt: skip
        server, _, _ = bench()
        ask(server, line + "\n")
        assert len(errors(server)) == 1, line
        assert ask(server, "*ESE?\n") == "0\n", line


def test_a_stop_behind_a_thousand_lines_acts_before_their_turn_and_no_line_of_those_that_move_nothing_is_lost():
    numbers = [b"*ESE %d" % (n % 256) for n in range(1000)]
    for lines, answers in ((numbers, 0), ([b"MEAS:FORC?"] * 1000, 1000), ([b"MEAS:FORC?;:SYST:VERS?"] * 500, 500)):
        for stop in (b"STOP HOLD\n", b"*CLS;:stop hold\r\n", b"ABOR\n", b"\x18"):
            server, serial, press = bench()
            serial.sent = b"\n".join(lines) + b"\n" + stop
            server.receive(100000)
            assert press.done == ["abort" if len(stop) < 6 else ("stop", "hold")] and serial.got == b"", stop
            assert server.inbox.waiting == len(lines) + (stop != b"\x18"), stop  # what stopped is blank now
            for _ in range(2000):
                server.poll()
            assert serial.got.count(b"\n") == answers and errors(server) == [], stop
            assert server.status.ese == (231 if lines is numbers else 0)
            assert server.inbox.buf is server.inbox.small


def test_of_a_thousand_lines_before_a_stop_those_that_move_something_are_forgotten():
    server, serial, press = bench()
    serial.sent = b"CYCL:ARM\n*ESE 5\nMEAS:FORC?;:CYCL:ARM\nMEAS:FORC?\n" * 250 + b"STOP VENT\n*ESE?\n"
    server.receive(100000)
    assert server.inbox.waiting == 502 and press.done == [("stop", "vent")]
    for _ in range(3000):
        server.poll()
    assert serial.got == b"663.66\n" * 250 + b"5\n" and errors(server) == [-200] and press.done == [("stop", "vent")]


def test_where_there_is_no_memory_for_a_burst_the_host_waits_and_nothing_is_lost():
    def no_memory(size):
        raise MemoryError

    server, serial, _ = bench()
    serial.sent = b"".join([b"*ESE %d;*ESE?\n" % (n % 256) for n in range(300)])
    inbox.bytearray = no_memory
    try:
        server.receive(100000)
        assert len(serial.sent) > 3000
        for _ in range(3000):
            server.poll()
    finally:
        del inbox.bytearray
    assert serial.got == b"".join([b"%d\n" % (n % 256) for n in range(300)]) and errors(server) == []


def test_lines_that_a_stop_spares_are_those_that_move_nothing_whatever_is_in_them():
    pieces = (b"", b" ", b"MEAS:FORC?", b"*ESE 1", b"*RST", b"CYCL:ARM", b"cycl:arm?", b"?", b":SYST:VERS?\t1", b"STOP", b"\"a;b?\"", b"'", b"x'?'",
              b"PROG:STAR \"a?\"", b"SYST:ECHO? ';CYCL:ARM'", b"#15ab;?c", b"(1;2)", b"\x00?", b"\x7f", b"\xff", b"* CLS", b"A ?", b"?B", b"M?#H1")  # fmt: skip
    for first in pieces:
        for second in pieces:
            for between in (b";", b" ; ", b" "):
                line = first + between + second
                found = inbox.harmless_to(line + b"\nSTOP\n", 0, len(line) + 1)
                judged = is_harmless(line)
                harmless = found >> 1 == len(line) + 1
                assert judged or not harmless, line
                assert harmless or found & 1 or not judged or decoded(line) is None, line


# Lines of the same letters, and what each is answered alone: white space, case, path, suffix, parameter.
SIBLINGS = (b"MEAS:FORC?", b"meas:forc?", b":MEAS:FORC?", b" MEAS:FORC?", b"MEAS:FORC? ", b"MEAS:FORC?\t", b"MEAS:FORC?\x00", b"MEAS:FORC? KN",
            b"MEAS:FORC?\tKN", b"MEAS:FORC?\x0bCN", b"MEAS:FORC?  KN", b"MEAS:FORC? kn", b"MEAS:FORC?KN", b"MEAS:FORC", b"MEAS:FORCE?", b"MEASURE:FORC? N",
            b"MEAS:FORC:CELL1?", b"MEAS:FORC:CELL2?", b"MEAS:FORC:CELL2? CN", b"MEAS:FORC?;", b";MEAS:FORC?", b"MEAS:FORC?;FORC?", b"MEAS:FORC?;FORC? KN",
            b"MEAS:FORC:SET?", b"*ESE?", b"*ESE 3", b"*ESE\t4", b"*ESE 3E0", b"*ESE 3 N", b"*ese?", b"FORC?", b"MEAS:TEMP1?", b"MEAS:TEMP2?",
            b"SYST:ECHO? 'MEAS:FORC?'", b"SYST:ECHO? 'a\tb'", b"SYST:ECHO? 'a b'", b"SYST:VERS?", b"MEAS:FORC? KN,N", b"MEAS:DISP? MM", b"MEAS:DISP?")  # fmt: skip


def test_what_is_remembered_of_a_line_never_answers_another():
    def told(server, line):
        return ask(server, line + b"\n"), errors(server), server.status.ese

    alone = {}
    for line in SIBLINGS:
        server, _, _ = bench()
        server.status.ese = 9
        alone[line] = told(server, line)
    step = 7  # of another order each time, and each line asked three times in a row
    for start in range(5):
        server, _, _ = bench()
        for i in range(3 * len(SIBLINGS)):
            line = SIBLINGS[(start + i // 3 * step) % len(SIBLINGS)]
            server.status.ese = 9
            assert told(server, line) == alone[line], line


def test_remembered_lines_at_once_are_answered_in_their_order():
    server, serial, _ = bench()
    lines = [SIBLINGS[i * 11 % len(SIBLINGS)] for i in range(400)] + [b"MEAS:FORC?", b"MEAS:FORC? KN"] * 60
    lines = [line for line in lines if b"?" in line and line != b"FORC?" and b"KN,N" not in line and b"?KN" not in line]
    wanted = b"".join([ask(server, line + b"\n").encode() for line in lines])
    serial.got, serial.sent = b"", b"\n".join(lines) + b"\n"
    for _ in range(2000):
        server.poll()
    assert serial.got == wanted and errors(server) == []


def test_a_break_in_the_middle_of_a_block_or_of_a_burst_stops_and_what_was_asked_is_whole():
    server, serial, press = bench()
    press.state = states.HOLDING
    serial.sent = b"LOG:READ? 1\n"
    while len(serial.got) < 700:
        server.poll()
    serial.heard = 1
    server.poll()
    assert press.done == ["abort"]
    for _ in range(100):
        server.poll()
    assert serial.got[:6] == b"#42004" and len(serial.got) == 6 + 2004 + 1 and errors(server) == []
    serial.got, serial.sent, serial.heard = b"", b"MEAS:FORC?\n" * 900 + b"CYCL:ARM\n", 0
    server.receive(100000)
    serial.heard = 1
    for _ in range(900):
        server.poll()
    assert press.done == ["abort", "abort"] and serial.got == b"663.66\n" * 900 and errors(server) == [-200]


def test_cr_and_lf_in_two_packets_end_one_line():
    for cut in range(len(b"*ESE 7;*ESE?\r\n*SRE 3;*SRE?\r\n")):
        server, serial, _ = bench()
        raw = b"*ESE 7;*ESE?\r\n*SRE 3;*SRE?\r\n"
        for part in (raw[:cut], raw[cut:]):
            serial.sent = part
            for _ in range(4):
                server.poll()
        assert serial.got == b"7\n3\n" and errors(server) == [], cut


def test_a_stop_of_bytes_that_are_no_text_is_an_error_of_the_line_and_not_of_the_press():
    for line in (b"STOP 1\xd4\n", b"*IDN?;STOP \xff\n", b":STOP \xc3(\n"):
        serial, press = Serial(), Parts()
        press.state = states.HOLDING
        server = Server(serial, commands.MODULES, press)
        serial.sent = line
        for _ in range(50):
            server.poll()
        assert {number for number, _ in server.status.errors.queue} == {-101}, (line, server.status.errors.queue)
