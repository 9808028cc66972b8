"""Claims about making way for a new image: only a press at rest does, and what runs is told in one word."""

from bench_press import MemoryBoard, PressBench
from stackpress_core import identity


class FlashableBoard(MemoryBoard):
    boot_drive = True

    def __init__(self):
        MemoryBoard.__init__(self)
        self.drives = 0

    def bootloader(self):
        self.drives += 1


def ask(b, text):
    b.board.serial.sent = text + b"\n"
    b.run(0.1)
    got, b.board.serial.got = b.board.serial.got, b""
    return got


def test_a_release_is_version_commit_and_content():
    assert identity.release("0.1.0", MemoryBoard()) == "0.1.0+g0123456789ab.h6669726d77617265"
    b = PressBench()
    assert ask(b, b"*IDN?").endswith(b",e660-0001,%s\n" % b.press.version.encode())
    assert ask(b, b"SYST:FIRM?") == b'"simulated","%s"\n' % b.press.version.encode()


def test_a_press_at_rest_makes_way_and_one_that_is_armed_does_not():
    b = PressBench(FlashableBoard())
    b.run(1)
    assert ask(b, b"SYST:BOOT;ERR?") == b'0,"No error"\n' and b.board.drives == 0
    b.run(0.2)
    assert b.board.drives == 1
    assert ask(b, b"CYCL:ARM;:SYST:ERR?") == b'0,"No error"\n'
    assert b"needs the safe state; the press is ready" in ask(b, b"SYST:BOOT;ERR?")
    assert b.board.drives == 1


def test_a_press_that_is_armed_in_the_last_moment_stays():
    b = PressBench(FlashableBoard())
    b.run(1)
    b.board.serial.sent = b"SYST:BOOT\nCYCL:ARM\n"
    b.run(1)
    assert b.board.drives == 0 and b.press.readings.state_name == "ready"


def test_a_press_that_has_tripped_does_not_make_way():
    b = PressBench(FlashableBoard())
    b.run(1)
    ask(b, b"CYCL:ARM")
    b.inputs = 0
    b.run(0.1)
    assert b"the press is tripped" in ask(b, b"SYST:BOOT;ERR?") and b.board.drives == 0


def test_a_board_without_a_boot_drive_says_so():
    b = PressBench()
    b.run(1)
    assert b"has no boot drive" in ask(b, b"SYST:BOOT;ERR?")
