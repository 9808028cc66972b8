"""What is told of a store of documents that was not found as it was left."""

from bench_press import MemoryBoard, PressBench, hold, recipe
from stackpress_core.log import records
from test_press_arming import refusal

TOLD = "made new: what lay there was not ours"


def ask(b, text):
    b.board.serial.sent = text + b"\n"
    b.run(0.1)
    got, b.board.serial.got = b.board.serial.got, b""
    return got


def bench(told=TOLD):
    board = MemoryBoard()
    if told is not None:
        board.store_told = told
    return PressBench(board)


def test_a_store_that_was_made_new_is_told_by_query_and_by_one_event():
    b = bench()
    b.run(1)
    assert ask(b, b"DATA:STOR?") == b'"%s"\n' % TOLD.encode()
    events = [event["text"] for event in b.records(records.EVENT) if event["code"] == records.EVENT_STORE]
    assert events == [TOLD] and len(TOLD) <= 64


def test_a_store_as_it_was_left_is_not_worth_a_word():
    for told in (None, ""):
        b = bench(told)
        b.run(1)
        assert ask(b, b"DATA:STOR?") == b'""\n'
        assert all(event["code"] != records.EVENT_STORE for event in b.records(records.EVENT))


def test_a_store_that_takes_nothing_says_why_among_the_checks():
    b = bench("damaged, left as it is; `flash --erase-storage` makes it new")
    b.press.arming.store_keeps = False
    assert any(code == "store" and "--erase-storage" in text for code, text in b.press.arming.failing())


def test_a_store_that_keeps_what_it_is_given_is_nothing_to_check():
    b = bench()
    assert b.press.arming.store_keeps and all(code != "store" for code, _ in b.press.arming.failing())


def test_a_board_says_how_many_steps_it_holds_and_takes_no_more():
    for settings, most in (({}, 255), ({"program_steps": 3}, 3)):
        board = MemoryBoard()
        board.settings = settings
        b = PressBench(board)
        assert ask(b, b"PROG:STEP?") == b"%d\n" % most
        b.put(recipe(*[hold(1000)] * 3))
    assert "this press holds 3 steps, these are 4" in refusal(b.put, recipe(*[hold(1000)] * 4))
