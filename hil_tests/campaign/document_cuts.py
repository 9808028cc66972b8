"""Documents on littlefs with the power cut at each of its steps: the old one or the new one, never another, never none.

littlefs itself runs here (the package littlefs-python) on a block device that stops working at a step: what comes later does not
happen, and the step itself is done in part. Then it is mounted anew, as a board does at its next start.
"""

import random
from typing import Any

from littlefs import LittleFS, lfs
from littlefs.context import UserContext
from littlefs.errors import LittleFSError
from stackpress_core.documents import Documents

BLOCK, BLOCKS = 4096, 16
NAMES = ("config", "ceilings", "program/pellet")


class Blocks(UserContext):
    """A block device of NOR that stops after so many steps."""

    def __init__(self, content: bytes | None = None) -> None:
        self.data = bytearray(content or b"\xff" * BLOCK * BLOCKS)
        self.left = -1
        self.steps = 0
        self.chance = random.Random(0)

    def _goes(self) -> float:
        """How much of this step happens: 1, nothing, or a part of the one at which the power goes."""
        self.steps += 1
        if self.left < 0:
            return 1.0
        self.left -= 1
        if self.left >= 0:
            return 1.0
        self.left = 0
        part, self._done = (0.0 if self._done else self.chance.random()), True
        return part

    _done = False

    def read(self, cfg: Any, block: int, off: int, size: int) -> bytearray:
        return self.data[block * BLOCK + off :][:size]

    def prog(self, cfg: Any, block: int, off: int, data: bytes) -> int:
        for i in range(int(len(data) * self._goes())):
            self.data[block * BLOCK + off + i] &= data[i]
        return 0

    def erase(self, cfg: Any, block: int) -> int:
        size = int(BLOCK * self._goes())
        self.data[block * BLOCK : block * BLOCK + size] = b"\xff" * size
        return 0

    def sync(self, cfg: Any) -> int:
        return 0


class Store:
    """What Documents asks of a board's store (file_store.py), on littlefs."""

    def __init__(self, blocks: Blocks, fresh: bool = False) -> None:
        self.fs = LittleFS(
            context=blocks, mount=False, block_size=BLOCK, block_count=BLOCKS, prog_size=256, read_size=32
        )
        if fresh:
            self.fs.format()
        self.fs.mount()

    def read(self, name: str) -> bytes | None:
        try:
            file = lfs.file_open(self.fs.fs, name.replace("/", "_"), "rb")
        except LittleFSError as error:
            if error.code != LittleFSError.Error.LFS_ERR_NOENT:
                raise
            return None
        data = bytes(lfs.file_read(self.fs.fs, file, BLOCK * BLOCKS))
        lfs.file_close(self.fs.fs, file)
        return data

    def write(self, name: str, data: bytes) -> None:
        file = lfs.file_open(
            self.fs.fs, name.replace("/", "_"), "wb"
        )  # the object's own close ends the process after an error
        lfs.file_write(self.fs.fs, file, data)
        lfs.file_close(self.fs.fs, file)

    def names(self) -> list[str]:
        return [name.replace("_", "/") for name in self.fs.listdir("/")]


def run(cuts: int, first: int) -> dict[str, int]:
    """So many cuts in writes of documents; how many, and how many left neither the old nor the new document."""
    found, seed = {"cuts": 0, "lost": 0}, first
    while found["cuts"] < cuts:
        chance = random.Random(f"documents {seed}")
        blocks = Blocks()
        kept = Documents(Store(blocks, fresh=True))
        texts = {name: _text(chance) for name in NAMES}
        for name in NAMES:
            kept.write(name, texts[name])
        before = bytes(blocks.data)
        name, text = chance.choice(NAMES), _text(chance)
        whole = Blocks(before)
        Documents(Store(whole)).write(name, text)
        for step in range(whole.steps):
            found["cuts"] += 1
            found["lost"] += _cut(before, step, name, text, texts, chance)
        seed += 1
    return found


def _text(chance: random.Random) -> bytes:
    return b'{"format": 1, "text": "%s"}' % (b"x" * chance.randrange(5000))


def _cut(before: bytes, step: int, name: str, text: bytes, texts: dict[str, bytes], chance: random.Random) -> int:
    blocks = Blocks(before)
    blocks.left, blocks.chance = step, chance
    try:
        Documents(Store(blocks)).write(name, text)
    except Exception as error:  # it reads what was never written: the power is gone, nobody hears of it
        assert blocks._done, error
    after = Documents(Store(Blocks(bytes(blocks.data))))
    return sum(after.text(one) not in ({texts[one], text} if one == name else {texts[one]}) for one in NAMES)
