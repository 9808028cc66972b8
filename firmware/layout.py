"""Writes into the tick's and the plant's modules the numbers of the words that they use, between `# words` and `# end of words`.

A constant is folded into viper code only when it stands in the same file; a look-up in another module costs microseconds on
the chip. What passes of the foreground ask for is written the same way: a simulated press has no image in which names of words have
become numbers, and spent 5 % of its passes on them. So each module carries a copy of the few it needs, written from `blackboard.py`
by this script and compared by a test.
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from stackpress_core.tick import blackboard, states  # noqa: E402

START, END = "# words (written by layout.py)\n", "# end of words\n"
EXTRA = {name: value for name, value in vars(blackboard).items() if name.isupper() and isinstance(value, int)}
EXTRA.update((name, value) for name, value in vars(states).items() if name.startswith("FLIGHT_"))
EXTRA["STATE_SERVICE"] = states.SERVICE
EXTRA.update(("IN_" + name.upper(), bit) for name, bit in blackboard.IN.items())
PLANT = re.findall(r"^([A-Z]\w*) = const\((\d+)\)", (HERE.parent / "boards/stackpress_plant/state.py").read_text(), re.M)
NUMBERS = {**EXTRA, **blackboard.AT, **{"P_" + name: int(value) for name, value in PLANT}}


def rewritten(text):
    """The module's text with its block of constants as it should be."""
    head, rest = text.split(START)
    _, body = rest.split(END)
    used = sorted({name for name in re.findall(r"\b_([A-Z][A-Z0-9_]*)\b", body) if name in NUMBERS})
    used.sort(key=NUMBERS.get)
    block = "".join("_%s = const(%d)\n" % (name, NUMBERS[name]) for name in used)
    return head + START + block + END + body


def modules():
    """The tick's files, those that look at its words in every pass, the plant's, and what looks at both."""
    boards = HERE.parent / "boards"
    rooms = (HERE / "stackpress_core", boards / "stackpress_plant", boards / "stackpress_sim")
    return [path for room in rooms for path in sorted(room.rglob("*.py")) if START in path.read_text()]


if __name__ == "__main__":
    for path in modules():
        text = path.read_text()
        if rewritten(text) != text:
            path.write_text(rewritten(text))
            print("wrote", path.name)
