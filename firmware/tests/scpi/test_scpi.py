"""Claims about the SCPI language; they run on CPython and on MicroPython."""

from bench_language import ask, bench, errors, refused, run, send
from stackpress_core.scpi import commands, status
from stackpress_core.tick import blackboard, interlock, states


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


def test_a_handler_that_fails_is_an_error_and_the_next_line_runs():
    server, _, press = bench()
    press.hz = None
    assert ask(server, "SYST:TICK?") == ""
    assert errors(server) == [-300]
    assert ask(server, "*OPC?") == "1\n"


def test_ceilings_are_answered_in_the_unit_that_was_asked_for():
    server, _, press = bench()
    send(server, "ceilings", b'{"frame_cn":7000000,"cell_cn":[1,2],"relief_cn":6800000}')
    assert errors(server) == []
    assert ask(server, "CEIL:FRAM? KN;CELL2? N;REL?") == "70;0.02;68000\n"


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
