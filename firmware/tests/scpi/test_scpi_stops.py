"""Claims about bytes, lines and stops on the wire; they run on CPython and on MicroPython."""

from bench_language import ask, bench, errors, payload, refused, run
from stackpress_core.scpi import inbox
from stackpress_core.tick import states


def test_a_line_that_is_too_long_is_dropped_whole():
    server, _, press = bench()
    assert ask(server, "CYCL:ARM" + " " * 400) == ""
    assert errors(server) == [-363] and press.done == []
    assert ask(server, "CYCL:STAT?") == "safe\n"


def test_stop_byte_acts_before_the_lines_that_wait():
    server, serial, press = bench()
    serial.sent = b'CYCL:ARM\nPROG:STAR "x"\n*IDN?\nPROG:STAR "y"; \x18CYCL:STAT?\nCYCL:STAT?\n'
    run(server)
    assert press.done == ["abort"]
    assert serial.got == b"stackpress,bench,e660-0001,0.0.0\nsafe\n"
    assert errors(server) == [-200]


def test_a_line_that_was_begun_when_the_stop_byte_came_is_forgotten_up_to_its_end():
    for end in (b"\n", b"\r", b"\r\n"):
        server, serial, press = bench()
        serial.sent = b"*CLS;\x18CYCL:ARM;:PROG:STAR 'x'" + end + b"CYCL:STAT?" + end
        run(server)
        assert press.done == ["abort"] and serial.got == b"safe\n" and errors(server) == [-200]
    server, serial, press = bench()
    serial.sent = b"*IDN?\n\x18CYCL:ARM\n"  # none was begun
    run(server)
    assert press.done == ["abort", "arm"]
    server, serial, press = bench()
    serial.sent = b"x" * 500 + b"\x18CYCL:ARM\n\n*CLS\x18ABOR\n"
    run(server)
    assert press.done == ["abort", "abort", "abort"]


def test_every_form_of_stop_is_obeyed_ahead_of_the_lines_that_wait():
    forms = {"STOP": "controlled", "stop hold": "hold", ":STOP\tVENT": "vent", "  :Stop   CONTrolled ": "controlled", "*CLS;:STOP HOLD": "hold",
             "MEAS:FORC?;STOP HOLD": "hold", 'SYST:ECHO? "a;b";:stop hold;:CYCL:STAT?': "hold"}  # fmt: skip
    for text in forms:
        server, serial, press = bench()
        serial.reads = False
        serial.sent = b"MEAS:FORC?\n" * 9 + b"CYCL:ARM\n" + text.encode() + b"\nCYCL:ARM\n"
        server.poll(1000)
        assert press.done[0] == ("stop", forms[text]), text
        serial.reads = True
        run(server)
        assert press.done[1:] == ["arm"] and serial.got.startswith(b"663.66\n" * 9), text
        assert errors(server) == ([] if text[0] == "*" else [-200]), text


def test_what_only_looks_like_a_stop_waits_its_turn():
    for text in ("STOPPED", "STOP:HOLD", "STOP?", 'SYST:ECHO? "a;STOP"', "CYCL:STOP", "SYST:ECHO? ';ABOR'", "ABORTED"):
        server, serial, press = bench()
        serial.sent = b"CYCL:ARM\n" + text.encode() + b"\n"
        run(server)
        assert press.done == ["arm"], text
    refused("STOP SOON", -224)


def test_the_port_is_not_read_while_there_is_no_room_and_no_line_is_lost():
    server, serial, press = bench()
    serial.sent = b"".join([b"*ESE %d;*ESE?\n" % (n % 256) for n in range(3000)])
    server.receive(100000)
    assert len(serial.sent) > 10000 and server.inbox.room <= inbox.PACKET
    for _ in range(20000):
        server.poll()
    assert serial.got == b"".join([b"%d\n" % (n % 256) for n in range(3000)])
    assert errors(server) == [] and server.lost_lines == 0


def test_abort_line_acts_before_the_lines_that_wait_and_keeps_its_rest():
    for text in (b"ABOR;CYCL:STAT?\n", b":abort ;:CYCL:STAT?\r\n"):
        server, serial, press = bench()
        serial.sent = b"CYCL:ARM\n" * 3 + text
        run(server)
        assert press.done == ["abort"] and serial.got == b"safe\n"


def test_a_spoiled_abort_line_still_stops():
    for text in (b"ABORt \xff\x00\n", b" :abor;\x01\n", b"ABORT" + b" " * 500 + b"\n", b"ABOR NOW\n"):
        server, serial, press = bench()
        serial.sent = b"CYCL:ARM\n" + text
        server.receive(1000)
        assert press.done == ["abort"], text
    server, serial, press = bench()
    serial.sent = b"ABORTION\nABO\nABORx\n"
    run(server)
    assert press.done == []


def test_stop_acts_in_the_middle_of_a_block_and_the_block_stays_whole():
    for stop in (b"\x18", b"ABORT\n"):
        server, serial, press = bench()
        press.state = states.HOLDING
        serial.sent = b"LOG:READ? 1\n"
        while len(serial.got) < 700:
            server.poll()
        serial.sent = stop
        server.poll()
        assert press.done == ["abort"]
        run(server, 100)
        assert len(payload(serial.got)) == 2000


def test_break_byte_asks_for_the_repl_in_the_safe_state_only():
    server, serial, press = bench()
    press.state = states.HOLDING
    serial.sent = b"\x03"
    server.poll()
    assert not server.wants_repl and errors(server) == [-102] and press.done == []
    press.state = states.SAFE
    serial.sent = b"\x03"
    server.poll()
    assert server.wants_repl and errors(server) == []


def test_prompt_that_is_refused_says_so_in_its_own_words_and_takes_no_code():
    for state, name in ((states.HOLDING, b"holding"), (states.READY, b"ready"), (states.TRIPPED, b"tripped")):
        server, serial, press = bench()
        press.state = state
        said = []
        for asked in (b"\r\x03", b"\r\x01", b"\x04", b"\x05A\x01", b"\x04", b"\r\x02"):
            serial.got = b""
            serial.sent = asked
            run(server, 5)
            said.append(serial.got)
        assert said[0] == said[4] == said[5] == b"" and said[1] == b"raw REPL; CTRL-B to exit\r\n>"
        assert said[2].endswith(b"soft reboot\r\n" + said[1])
        assert said[3] == b"R\x01\x00\x00\x04\x04the press is %s: it gives no prompt now; nothing was touched\r\n\x04>" % name
        assert press.state == state and press.done == [] and errors(server) == [-102]
        assert ask(server, "*ESE?") == "0\n" and errors(server) == []


def test_refused_prompt_hides_no_stop_and_no_line_of_whoever_comes_next():
    for asked in (b"\x03", b"\r\x03\r\x01", b"\x03\r\x01\x04", b"\x03\r\x01\x04\x05", b"\x03\r\x01\x04\x05A\x01"):
        for stop in (b"\x18", b"ABOR\n", b"\nabort;\n"):
            server, serial, press = bench()
            press.state = states.HOLDING
            for byte in asked:
                serial.sent = bytes([byte])
                server.poll()
            serial.sent = stop + b"\n*ESE?\n"
            run(server)
            assert press.done == ["abort"] and serial.got.endswith(b"0\n"), (asked, stop)
    server, serial, press = bench()
    press.state = states.HOLDING
    assert ask(server, "\r\x03\x03\x01*CLS;:CYCL:STAT?") == "holding\n"  # no prompt's beginning, so no prompt's answer


def test_a_host_that_never_reads_does_not_stop_commands():
    server, serial, press = bench()
    serial.reads = False
    for _ in range(100):
        serial.sent += b"*OPC?;:MEAS:FORC?;:SYST:HELP:HEAD?\n"
        run(server, 3)
    assert -410 in errors(server) and server.out.dropped > 0
    run(server, 200)
    serial.sent += b"CYCL:ARM\n"
    run(server, 200)
    assert "arm" in press.done
    serial.reads = True
    run(server, 300)
    assert ask(server, "\nSYST:ECHO? 'again'").endswith('"again"\n')


def test_a_pass_is_bounded_in_bytes_and_units():
    server, serial, _ = bench()
    serial.sent = b";".join([b"*OPC?"] * 50) + b"\n" + b"x" * 5000
    server.poll(128)
    assert len(serial.sent) >= 5000 + 300 - 192
    assert len(serial.got) <= 4 * 128
    before = server.out.pending
    server.units = ["*OPC?"] * 50
    server.poll(1)
    assert server.out.pending - before <= 2 * 4
