"""Open stores of documents in files of raw flash as a board does: `micropython THIS DRIVERS FILE ROOM CUT ...`.

Runs on MicroPython's unix port with its own littlefs. FILE is the whole flash, ROOM the blocks that a new store may take, CUT the
number of erases and writes after which the power goes (-1: never). One line of JSON a file: how it was found, what it holds.
"""

import json
import sys

import vfs

sys.path.insert(0, sys.argv[1])
import internal_store

BLOCK = 4096


class PowerCut(Exception):
    pass


class Flash:
    """Blocks of a file, from its first on; what is programmed only clears bits, as in the chip."""

    left = -1

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

    def writeblocks(self, block, buf, offset=0):
        self._step()
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
            self.file.seek(arg * BLOCK)
            self.file.write(b"\xff" * BLOCK)
        return 0


def contents(fs):
    return {path: None if data is None else [len(data), data[:24].hex()] for path, data in internal_store._files(fs, "/")}


def start(file, room):
    """One start of a board with this flash."""
    try:
        fs, found = internal_store.opened(lambda blocks: Flash(file, blocks), file.seek(0, 2) // BLOCK, room,
                                          lambda device: vfs.VfsLfs2.mkfs(device, progsize=256),
                                          lambda device: vfs.VfsLfs2(device, progsize=256))  # fmt: skip
    except PowerCut:
        return {"found": "power cut", "touched": Flash.touched}
    held = contents(fs) if fs else None
    return {"found": found, "told": internal_store.told(found), "files": held, "touched": Flash.touched}


def main(words):
    while words:
        path, room, cut = words[0], int(words[1]), int(words[2])
        words = words[3:]
        Flash.left, Flash.touched = cut, 0
        with open(path, "r+b") as file:
            print(json.dumps(start(file, room)))


main(sys.argv[2:])
