"""Claims about the SCPI language; they run on CPython and on MicroPython."""

import binascii
import struct

from fakes import Parts, Serial
from stackpress_core.errors import Refused, ScpiError, StorageFault
from stackpress_core.log.telemetry import WIDTH
from stackpress_core.scpi import commands, inbox, sources, status
from stackpress_core.scpi.server import Server
from stackpress_core.tick import blackboard, interlock, states


def bench():
    press = Parts()
    serial = Serial()
    return Server(serial, commands.MODULES, press), serial, press


def run(server, passes=40):
    for _ in range(passes):
        server.poll()


def ask(server, text):
    serial = server.serial
    serial.got = b""
    serial.sent += text.encode() + b"\n"
    for _ in range(400):
        server.poll()
    return serial.got.decode()


def errors(server):
    found = []
    while server.status.errors.queue:
        found.append(server.status.errors.queue.pop(0)[0])
    return found


def refused(text, number):
    server, _, press = bench()
    assert ask(server, text) == "", text
    assert errors(server) == [number], text
    assert press.done == [], text


def payload(answer):
    digits = int(answer[1:2])
    length = int(answer[2 : 2 + digits])
    body = answer[2 + digits :]
    assert body[length:] == b"\n"
    data, crc = body[: length - 4], body[length - 4 : length]
    assert struct.unpack("<I", crc)[0] == binascii.crc32(data) & 0xFFFFFFFF
    return data


def test_short_and_long_forms_in_any_case_mean_the_same():
    server, _, _ = bench()
    forms = "MEAS:FORC?", "measure:force?", ":MEASure:FORCe:TOTal?", "Meas:Forc:Tot?", "MEAS:FORC? N", "\tMEAS:FORC?\r"
    for text in forms:
        assert ask(server, text) == "663.66\n", text
    assert errors(server) == []


def test_a_form_between_short_and_long_is_undefined():
    refused("MEASU:FORC?", -113)
    refused("MEAS:FOR?", -113)
    refused("MEAS:FORC", -113)
    refused("NOSUCH:THING 1", -113)
    refused("*FOO?", -113)


def test_numeric_suffixes_choose_a_cell_and_are_bounded():
    server, _, _ = bench()
    assert ask(server, "MEAS:FORC:CELL3?") == "3\n"
    assert ask(server, "MEAS:FORC:CELL?") == "1\n"
    refused("MEAS:FORC:CELL9?", -114)
    refused("MEAS2:FORC?", -113)


def test_chained_units_keep_the_path_and_answers_are_joined():
    server, _, _ = bench()
    assert ask(server, "MEAS:FORC:TOT?;SET?;*STB?;CELL2? KN;:CYCL:STAT?") == "663.66;664;16;0.002;safe\n"
    assert errors(server) == []


def test_a_command_error_ends_its_line_and_an_execution_error_does_not():
    server, _, press = bench()
    assert ask(server, "CYCL:NOSU;:CYCL:ARM") == ""
    assert press.done == [] and errors(server) == [-113]
    assert ask(server, "CYCL:ARM;:CYCL:ARM;:CYCL:STAT?") == "ready\n"
    assert errors(server) == [-221]


def test_units_are_exact_and_mpa_is_megapascal():
    server, _, press = bench()
    press.runner.area_um2 = 132732290  # 13 mm die
    assert ask(server, "MEAS:PRES? MPA") == "4.999989\n"
    assert ask(server, "MEAS:PRES? BAR;:MEAS:FORC? KN") == "49.999891;0.66366\n"
    assert ask(server, "MEAS:DISP? MM;:MEAS:DISP?") == "1.5;0.0015\n"
    assert ask(server, "MEAS:TEMP1?;TEMP2?") == "25.12;9.91E+37\n"
    assert ask(server, "MEAS:IMB? PCT;STIF? N/UM") == "1.2;20\n"
    assert errors(server) == []


def test_numbers_take_units_and_bounds():
    server, _, press = bench()
    ask(server, "SYST:LEAS 5;LEAS 1.5 MIN;LEAS 2E3MS;LEAS MIN;LEAS MAXimum;LEAS #H10;LEAS 2hr")
    assert [d[1] for d in press.done] == [5000, 90000, 2000, 1000, 86400000, 16000, 7200000]
    assert errors(server) == []


def test_wrong_parameters_get_their_numbers():
    refused("SYST:LEAS 5 KN", -131)
    refused("SYST:LEAS 5 MHZ", -131)
    refused("SYST:LEAS", -109)
    refused("SYST:LEAS 5,6", -108)
    refused("SYST:LEAS 1e99", -222)
    refused("SYST:LEAS 1e32001", -123)
    refused("SYST:LEAS " + "1" * 256, -124)
    refused("SYST:LEAS 0", -222)
    refused("SYST:LEAS 5 SECONDSANDMORE", -134)
    refused('SYST:LEAS "5"', -104)
    refused("SYST:LEAS FIVE", -224)
    refused("SYST:LEAS 5..5", -121)
    refused("SYST:LEAS (1)", -178)
    refused("SYST:LEAS #15hello", -168)
    refused("SYST:LEAS #9", -161)
    refused("SYST:LEAS #HXY", -121)
    refused("*ESE 3 N", -138)
    refused("*ESE 256", -222)
    refused("PROG:STAR pellet", -104)
    refused('PROG:STAR "pellet', -151)
    refused("STOP SOON", -224)
    refused('STOP "HOLD"', -104)
    refused("MEAS:FORC?KN", -111)
    refused("MEAS:FORC? PSI", -131)
    refused("MEAS::FORC?", -102)
    refused("MEAS=3", -101)
    refused("CYCL:ARM NOW", -108)
    refused("VERYLONGMNEMONIC:X", -112)
    refused("CYCL:ARM\x7f", -101)
    refused("CYCL:\u00e4RM", -101)


def test_strings_double_their_quotes_and_may_hold_separators():
    server, _, press = bench()
    assert ask(server, 'SYST:ECHO? "a;b,""c"" \'d\'"') == '"a;b,""c"" \'d\'"\n'
    assert ask(server, "SYST:ECHO? 'it''s'") == '"it\'s"\n'
    ask(server, 'CYCL:ARM;:PROG:STAR "pellet","batch; 7","J. Doe"')
    assert press.done[-1] == ("start", "pellet", "batch; 7", "J. Doe")
    assert errors(server) == []


def test_error_queue_is_first_in_first_out_and_overflows_to_350():
    server, _, _ = bench()
    ask(server, "FOO")
    assert ask(server, "CYCL:ARM 1;*CLS") == ""
    assert ask(server, "SYST:ERR:COUN?") == "2\n"
    assert ask(server, "SYST:ERR?").startswith('-113,"Undefined header;FOO')
    assert ask(server, "SYSTem:ERRor:NEXT?").startswith('-108,"Parameter not allowed')
    assert ask(server, "SYST:ERR?") == '0,"No error"\n'
    for _ in range(20):
        ask(server, "FOO")
    assert ask(server, "SYST:ERR:COUN?") == "16\n"
    answer = ask(server, "SYST:ERR:ALL?")
    assert answer.count("-113,") == 15 and answer.endswith('-350,"Queue overflow"\n')
    assert ask(server, "SYST:ERR:ALL?") == '0,"No error"\n'


def test_a_refusal_is_settings_conflict_in_the_press_own_words():
    server, _, _ = bench()
    ask(server, 'PROG:STAR "x"')
    assert ask(server, "SYST:ERR?") == '-221,"Settings conflict;the press is not armed"\n'


def test_common_commands_answer_as_ieee_488_2_says():
    server, _, _ = bench()
    assert ask(server, "*IDN?") == "stackpress,bench,e660-0001,0.0.0\n"
    assert ask(server, "*ESR?;*ESR?") == "128;0\n"
    ask(server, "*ESE 32;*SRE 255")
    assert ask(server, "*ESE?;*SRE?") == "32;191\n"
    ask(server, "FOO")
    assert ask(server, "*STB?") == "100\n"  # error queue, ESB, MSS
    assert ask(server, "*ESR?") == "32\n"
    ask(server, "*CLS;*OPC")
    assert ask(server, "*ESR?;*OPC?;*TST?;*STB?") == "1;1;0;80\n"  # MAV: answers wait in this very line
    ask(server, "*WAI;*RST")
    assert ask(server, "SYST:VERS?;ERR?") == '1999.0;0,"No error"\n'


def test_rst_and_cls_touch_nothing_and_rst_is_refused_while_armed():
    for state in range(8):
        server, _, press = bench()
        press.state = state
        ask(server, "*CLS;*RST")
        assert press.state == state and press.done == []
        assert errors(server) == ([-221] if state in states.ARMED else [])


def test_operation_register_mirrors_the_state_through_its_filters():
    server, _, press = bench()
    assert ask(server, "STAT:OPER:COND?") == "64\n"
    ask(server, "STAT:OPER?")
    ask(server, "STAT:OPER:ENAB 256;NTR 64;PTR 32767")
    ask(server, "CYCL:ARM")
    assert ask(server, "*STB?") == "128\n"
    assert ask(server, "STAT:OPER:EVEN?;EVEN?;COND?") == "320;0;256\n"
    press.state, press.runner.active = states.HOLDING, True
    assert ask(server, "STAT:OPER:COND?") == str(1024 + 16384) + "\n"
    ask(server, "STAT:PRES")
    assert ask(server, "STAT:OPER:ENAB?;NTR?;PTR?") == "0;0;32767\n"


def test_questionable_register_mirrors_the_interlocks():
    server, _, press = bench()
    for i, name in enumerate(interlock.NAMES):
        blackboard.clear_row_bits(press.S, blackboard.AT["ACTIVE"])
        press.S[blackboard.AT["ACTIVE"] + i // blackboard.MASK_ROWS] = 1 << i % blackboard.MASK_ROWS
        bits = int(ask(server, "STAT:QUES:COND?"))
        assert bits & status.QUES_WARNING
        assert (bits != status.QUES_WARNING) == (name not in ("storage", "log_full")), name
    press.state = states.TRIPPED
    blackboard.clear_row_bits(press.S, blackboard.AT["ACTIVE"])
    assert ask(server, "STAT:QUES:COND?") == "512\n"


def test_checks_and_rows_are_told_in_words():
    server, _, _ = bench()
    assert ask(server, "CYCL:CHEC?") == '"guard","The ""front"" guard is open","config","No configuration"\n'
    answer = ask(server, 'INT:ROW? "estop"')
    assert answer.startswith('"estop",0,0,vent,gone,"The emergency stop')
    assert ask(server, "INT:CAT?").count('"') == 2 * len(interlock.NAMES)
    assert ask(server, 'PAR? "force_limit_n"').startswith('55000,10,55000,100000,"Working limit')
    assert ask(server, 'PAR? "valve_kind",MAX;:PAR? "valve_kind",DEF') == '"fill_vent";"regulator"\n'
    assert ask(server, "PROG:CAT?;STAT?") == '"";"",0,"",0,0,-1\n'


def test_help_lists_every_header_in_a_block():
    server, serial, _ = bench()
    text = ask(server, "SYST:HELP:HEAD?")
    digits = int(text[1])
    assert len(text) == 2 + digits + int(text[2 : 2 + digits]) + 1
    lines = text[2 + digits :].split("\n")
    assert ":MEASure:FORCe[:TOTal]?/qonly/" in lines and "*CLS/nquery/" in lines and "*ESE" in lines
    assert ":PROGram:STARt/nquery/" in lines
    assert len([line for line in lines if line]) > 80
    assert "arm" in ask(server, 'SYST:HELP:SYNT? "CYCL"').lower()


def test_every_row_can_be_found_by_its_own_pattern():
    server, _, _ = bench()
    for row in commands.rows_of(commands.MODULES):
        header = row[0].replace("<n>", "1").replace("[", "").replace("]", "")
        if header[0] == "*":
            assert server.dispatch.headers.find_common(header)[1] is row
        else:
            assert server.dispatch.find(":" + header)[0] is row
        assert row[3]


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


def test_answers_that_nobody_reads_are_dropped_so_that_what_comes_in_drains():
    for lines, number in ((60, -410), (4000, -430)):
        server, serial, press = bench()
        serial.reads = False
        serial.sent = b"*IDN?\n" * lines
        for _ in range(10):  # 100 ms have not passed
            server.poll()
        assert errors(server) == []
        run(server, 3000)
        assert serial.sent == b"" and errors(server) == [number] and server.out.dropped > 0
        serial.reads = True
        run(server)
        assert ask(server, "SYST:ECHO? 'again'").endswith('"again"\n') and errors(server) == []


def test_an_answer_that_was_cut_short_ends_its_line():
    server, serial, press = bench()
    serial.sent = b"LOG:READ? 1\n"
    while len(serial.got) < 700:
        server.poll()
    cut, serial.reads = len(serial.got), False
    serial.sent = b"*IDN?\n" * 40
    run(server, 100)
    serial.reads = True
    run(server, 5)
    assert serial.got[cut:] == b"\n" and errors(server) == [-410]
    assert ask(server, "CYCL:STAT?") == "safe\n"


def test_an_answer_that_is_read_late_is_whole_if_nothing_waits_for_it():
    server, serial, press = bench()
    serial.reads = False
    serial.sent = b"LOG:READ? 1\n"
    run(server, 500)
    serial.reads = True
    run(server, 100)
    assert len(payload(serial.got)) == 2000 and errors(server) == []


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


def test_log_blocks_hold_whole_records_and_go_on_where_they_ended():
    server, serial, _ = bench()
    assert ask(server, "LOG:STAT?") == "1,41,0,0,0,7,0\n"
    serial.got, serial.sent = b"", b"LOG:READ? 1,1024;READ? 39;*OPC?\n"
    run(server, 200)
    end = serial.got.index(b";#")
    assert len(payload(serial.got[:end] + b"\n")) == 1000
    assert payload(serial.got[end + 1 :].replace(b";1\n", b"\n")) == bytes([39]) * 100 + bytes([40]) * 100
    ask(server, "LOG:PULL 40")
    assert ask(server, "LOG:STAT?") == "1,41,40,0,0,7,0\n"


def test_a_reader_that_fails_makes_a_bad_block_and_no_shifted_line():
    block = sources.Block(300, lambda offset, size: b"x" * 100 if offset == 0 else b"")
    data = b""
    while True:
        part = block.read(100)
        if not part:
            break
        data += part
    assert data[:5] == b"#3304" and len(data) == 309
    assert struct.unpack("<I", data[-4:])[0] != binascii.crc32(data[5:-4]) & 0xFFFFFFFF


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


def test_a_handler_that_fails_is_an_error_and_the_next_line_runs():
    server, _, press = bench()
    press.hz = None
    assert ask(server, "SYST:TICK?") == ""
    assert errors(server) == [-300]
    assert ask(server, "*OPC?") == "1\n"


def test_telemetry_is_pulled_with_a_cursor_and_a_loss_is_a_number():
    server, _, press = bench()
    assert ask(server, "TEL? 0") == "1,0,%d,0\n" % WIDTH
    press.S[blackboard.AT["TEMPERATURE"] + 1] = blackboard.ABSENT
    for i in range(100):
        press.S[blackboard.AT["FORCE_F"]] = i
        press.telemetry.look(0, 0)
    numbers = [int(x) for x in ask(server, "TEL? 10,3").split(",")]
    assert numbers[:4] == [40, 27, WIDTH, 3]
    rows = [numbers[4 + WIDTH * i : 4 + WIDTH * (i + 1)] for i in range(3)]
    assert [row[0] for row in rows] == [37, 38, 39] and [row[4] for row in rows] == [36, 37, 38]
    assert rows[0][13] == blackboard.ABSENT
    assert [int(x) for x in ask(server, "TEL? 101").split(",")] == [101, 0, WIDTH, 0]


def test_ceilings_are_answered_in_the_unit_that_was_asked_for():
    server, _, press = bench()
    send(server, "ceilings", b'{"frame_cn":7000000,"cell_cn":[1,2],"relief_cn":6800000}')
    assert errors(server) == []
    assert ask(server, "CEIL:FRAM? KN;CELL2? N;REL?") == "70;0.02;68000\n"


def send(server, name, text, commit="DATA:COMM"):
    ask(server, 'DATA:BEG "%s",%d,%d' % (name, len(text), binascii.crc32(text) & 0xFFFFFFFF))
    for at in range(0, len(text), 192):
        ask(server, 'DATA:PUT %d,"%s"' % (at, binascii.b2a_base64(text[at : at + 192]).decode().strip()))
    ask(server, commit)


def test_documents_travel_as_text_and_come_back_as_blocks():
    server, serial, press = bench()
    text = b'{"format":1,"note":"' + b"n" * 700 + b'"}'
    send(server, "program/pellet", text)
    assert errors(server) == [] and press.done == [("changed", "program/pellet")]
    serial.got, serial.sent = b"", b'DATA:READ? "program/pellet"\n'
    run(server)
    assert payload(serial.got) == text
    assert ask(server, "PROG:CAT?") == '"pellet"\n'
    assert ask(server, "DATA:CAT?") == '"program/pellet",ok,%d,%d\n' % (len(text), binascii.crc32(text) & 0xFFFFFFFF)
    ask(server, 'PROG:DEL "pellet"')
    assert ask(server, "PROG:CAT?") == '""\n'
    ask(server, 'DATA:READ? "config"')
    assert errors(server) == [-256]


def test_a_clock_in_seconds_or_microseconds_is_no_contact():
    for unix in (1_795_000_000, 1_795_000_000_000_000, 0, 1):
        server, serial, press = bench()
        serial.sent = b"SYST:CONT %d\n" % unix
        run(server)
        assert errors(server) == [-222] and press.done == [], unix
    server, serial, press = bench()
    serial.sent = b"SYST:CONT 1795000000000\n"
    run(server)
    assert errors(server) == [] and press.done == [("contact", 1_795_000_000_000)]


def test_nothing_is_written_while_armed():
    server, _, press = bench()
    press.state = states.READY
    send(server, "config", b"{}")
    assert errors(server) == [-221] and press.documents.text("config") is None


def test_another_boards_calibration_needs_a_confirmation():
    server, _, press = bench()
    text = b'{"format":1,"board":"other"}'
    send(server, "calibration", text)
    assert errors(server) == [-221] and press.documents.text("calibration") is None
    send(server, "calibration", text, "DATA:COMM CONF")
    assert errors(server) == []
    assert press.documents.get("calibration") == {"format": 1, "board": "e660-0001", "from_board": "other"}


def failing(good, error):
    yield good
    raise error


def test_a_text_that_breaks_off_is_an_error_with_its_reason():
    for error, number in ((OSError(5), -320), (StorageFault("torn"), -320), (MemoryError(), -225), (ScpiError(-310, "x"), -310), (KeyError("k"), -300)):
        server, serial, _ = bench()
        server.answer(sources.Text(failing("1,", error)))
        run(server)
        assert serial.got == b"1," and errors(server) == [number]


def test_a_block_that_breaks_off_or_ends_early_is_an_error_with_its_reason():
    def reader(offset, size):
        if offset:
            raise OSError(5)
        return b"x" * 20

    for read, number in ((reader, -320), (lambda offset, size: b"" if offset else b"x" * 20, -310)):
        server, _, _ = bench()
        server.answer(sources.Block(100, read))
        run(server)
        assert errors(server) == [number]


def test_a_document_that_can_not_be_read_is_listed_as_bad():
    server, _, press = bench()
    store, good = press.documents.store, press.documents.store.read
    for name in ("config", "program/one", "program/two"):
        press.documents.write(name, b'{"name":"%s"}' % name.split("/")[-1].encode())

    def read(slot):
        if slot.startswith("program/one"):
            raise OSError(5)
        return good(slot)

    store.read = read
    listed = ask(server, "DATA:CAT?")
    assert '"program/one",bad,0,0' in listed and '"config",ok' in listed and '"program/two",ok' in listed
    assert press.documents.failures > 0
    store.read = None  # no store at all: every document fails, and the answer says so
    assert ask(server, "DATA:CAT?") == "\n" and errors(server) == [-300]


class Alone(Serial):
    """A line that knows, as the USB port does, when one question came alone."""

    def asked(self, texts, rest):
        line, rows = self.sent[:-1], texts.split(b"\n")[:-1]
        if line not in rows:
            return -1 if self.sent else -2
        self.sent = b""
        return rows.index(line)

    def log_asked(self, block):
        head, _, rest = self.sent.partition(b" ")
        seq, _, most = rest.partition(b",")
        if head != b"LOG:READ?" or not most or int(most) < block:
            return -1
        self.sent = b""
        return int(seq)


class Faulty:
    """A part of the press of which nothing can be told."""

    def __init__(self, error):
        self.error = error

    def __getattr__(self, name):
        raise self.error


def test_a_number_that_can_not_be_told_goes_the_long_way_where_its_error_is_kept():
    for error, number in ((Refused("not now"), -221), (ScpiError(-230), -230), (OSError(5), -320), (TypeError("a defect"), -300)):
        server = Server(Alone(), commands.MODULES, Parts())
        assert ask(server, "MEAS:FORC?") == "663.66\n" and server.repeated.numbers
        server.serial.sent = b"MEAS:FORC?\n"
        server.go_on()
        assert server.serial.sent == b"" and server.runs == 1, "it was answered the short way"
        part, name, places = server.repeated.numbers[0]
        (question, found) = list(server.repeated.known.items())[0]
        for many in (1, 3):  # alone, and beside others that are the same
            server.repeated.numbers[0] = Faulty(error), name, places
            server.repeated.known[question] = found[:3] + (Faulty(error),) + found[4:]
            server.serial.got, server.serial.sent = b"", b"MEAS:FORC?\n" * many
            for _ in range(60):
                server.go_on()
                server.poll()
            assert server.serial.got == b"" and errors(server) == [number] * many, (number, many)
        server.repeated.numbers[0], server.repeated.known[question] = (part, name, places), found
        assert ask(server, "MEAS:FORC?") == "663.66\n" and errors(server) == []


def block_of(server, seq, alone):
    """What comes for one question, and how many units were run for it."""
    server.poll()
    serial, before = server.serial, server.runs
    serial.most, serial.got, serial.sent = 4096, b"", b"LOG:READ? %d,4096\n" % seq
    for _ in range(20):
        if alone:
            server.go_on()
        server.poll()
    return serial.got, server.runs - before


def test_a_block_of_the_log_that_is_asked_for_alone_is_the_one_that_comes_the_long_way():
    alone, other = Server(Alone(), commands.MODULES, Parts()), Server(Serial(), commands.MODULES, Parts())
    for seq in (1, 30, 41):
        long_way = block_of(other, seq, False)
        assert long_way[1] == 1 and len(long_way[0]) > 8
        assert block_of(alone, seq, True) == (long_way[0], 0), seq
    alone.as_they_are = other.as_they_are = False  # whoever reads to a line's end gets no block with line feeds in it
    assert block_of(alone, 30, True) == block_of(other, 30, False)


def test_a_log_that_can_not_be_read_is_told_however_it_is_asked_for():
    server = Server(Alone(), commands.MODULES, Parts())

    def broken(seq, buf):
        raise OSError(5)

    server.parts.journal.read_from = broken
    server.serial.sent = b"LOG:READ? 1,4096\n"
    for _ in range(60):
        server.go_on()
        server.poll()
    assert server.serial.got == b"" and errors(server) == [-320]
