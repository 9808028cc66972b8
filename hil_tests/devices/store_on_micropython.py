"""Open stores of documents in files of raw flash as a board does: `micropython THIS FIRMWARE FILE ROOM CUT EITHER ...`.

Runs on MicroPython's unix port with its own littlefs. FILE is the whole flash, ROOM the blocks that a new store may take, CUT the
number of erases and writes after which the power goes (-1: never), EITHER the seed of bits in the first two blocks that read either
way until they are erased (-1: none, -2: these two are worn out). One line of JSON a file: how it was found, what it holds, and
whether it keeps what it is given.
"""

import json
import random
import sys

import vfs

sys.path.insert(0, sys.argv[1])
sys.path.insert(0, sys.argv[1] + "/drivers")
import internal_store
from stackpress_core.documents import Documents
from stackpress_core.errors import StorageFault
from stackpress_core.file_store import FileStore

BLOCK = 4096
TRIED = ["program/" + letter for letter in "tried"]
WORN = -2
ERASED = b"\xff" * BLOCK
TEXT = b'{"p":' + b"1" * 8000 + b"}"


class PowerCut(Exception):
    pass


class Flash:
    """Blocks of a file, from its first on; what is programmed only clears bits, as in the chip."""

    left = -1
    either = {}  # block -> its bits that read either way
    worn = ()  # blocks that take nothing any more

    def __init__(self, file, blocks):
        self.file, self.blocks, self.touched = file, blocks, 0

    def _step(self):
        if Flash.left == 0:
            raise PowerCut()
        Flash.left -= 1
        Flash.touched += 1

    def readblocks(self, block, buf, offset=0):
        self.file.seek(block * BLOCK + offset)
        self.file.readinto(buf)
        for i in range(len(buf) if block in Flash.either else 0):
            buf[i] ^= Flash.either[block][offset + i] & random.getrandbits(8)

    def writeblocks(self, block, buf, offset=0):
        self._step()
        if block in Flash.worn:
            return
        there = bytearray(len(buf))
        self.readblocks(block, there, offset)
        self.file.seek(block * BLOCK + offset)
        self.file.write(bytes([there[i] & buf[i] for i in range(len(buf))]))

    def ioctl(self, op, arg):
        if op == 4:
            return self.blocks
        if op == 5:
            return BLOCK
        if op == 6:
            self._step()
            Flash.either.pop(arg, None)
            self.file.seek(arg * BLOCK)
            self.file.write(ERASED)
        return 0


def contents(fs):
    return {path: None if data is None else [len(data), data[:24].hex()] for path, data in internal_store._files(fs, "/")}


def few_bits(seed):
    """One byte in 32 has a bit that is not decided."""
    random.seed(seed)
    masks = {0: bytearray(BLOCK), 1: bytearray(BLOCK)}
    for mask in masks.values():
        for _ in range(BLOCK // 32):
            mask[random.randrange(BLOCK)] = 1 << random.getrandbits(3)
    return masks


def keeps(fs):
    """Whether documents of the largest size, each in both of its slots, are read back as they were given; then they are removed."""
    vfs.mount(fs, "/store")
    documents = Documents(FileStore("/store" + internal_store.FOLDER))
    try:
        for name in TRIED * 2:
            documents.write(name, TEXT)
        return all([documents.text(name) == TEXT for name in TRIED])
    except StorageFault:
        return False
    finally:
        for name in TRIED:
            for letter in internal_store.LETTERS:
                documents.store.remove(name + letter)
        vfs.umount("/store")


def start(file, room):
    """One start of a board with this flash."""
    try:
        fs, found = internal_store.opened(lambda blocks: Flash(file, blocks), file.seek(0, 2) // BLOCK, room,
                                          lambda device: vfs.VfsLfs2.mkfs(device, progsize=256),
                                          lambda device: vfs.VfsLfs2(device, progsize=256))  # fmt: skip
    except PowerCut:
        return {"found": "power cut", "touched": Flash.touched}
    touched = Flash.touched
    held, kept = (contents(fs), Flash.left < 0 and keeps(fs)) if fs else (None, False)
    return {"found": found, "told": internal_store.told(found), "files": held, "touched": touched, "keeps": kept}


def main(words):
    while words:
        path, room, cut, either = words[0], int(words[1]), int(words[2]), int(words[3])
        words = words[4:]
        Flash.left, Flash.touched = cut, 0
        Flash.either, Flash.worn = few_bits(either) if either >= 0 else {}, (0, 1) if either == WORN else ()
        with open(path, "r+b") as file:
            print(json.dumps(start(file, room)))


main(sys.argv[2:])
