"""The store of documents in the processor's own flash: found, taken over or made new, and told which of these it was.

A board has often held something else: another of our images with a store of another size, another firmware, leavings. Three rules
keep what is worth keeping and no more. A littlefs of ours that mounts is used in its own size. What else holds a document of ours
is a damaged store: it is never touched without being asked. Everything else is nobody's, and a new store is made over it.
"""

import errno
import struct

BLOCK = 4096
LEFT = 64  # blocks that a new store leaves at the end: for a journal, and the last sector, which a block for RP2350-E10 erases
FOLDER = "/documents"
MOVING = "/moving"  # is there while a store that is too large is carried over
SLOT = b"SPD1"  # how a slot begins: stackpress_core/documents.py
LETTERS = (".a", ".b")  # how its file's name ends
SPARE = 8192  # of RAM, for littlefs itself while all that a store holds lies there
ERASE = b"stackpress: make a new store here\n"  # `stackpress flash --erase-storage` puts this into the first block
KEPT, NEW, MADE, MOVED, CUT, LARGE, DAMAGED, WORN = "kept", "new", "made", "moved", "cut", "large", "damaged", "worn"
TOLD = (
    (MADE, "made new: what lay there was not ours"),
    (MOVED, "carried over into this board's size"),
    (CUT, "the power went while it was carried over: look what is missing"),
    (LARGE, "too large to carry over, left; see `flash --erase-storage`"),
    (DAMAGED, "damaged, left as it is; `flash --erase-storage` makes it new"),
    (WORN, "not made: this module keeps nothing, it is worn out"),
)


def told(found):
    """How the store was found, in at most 64 characters; empty if there is nothing to say."""
    return ([text for name, text in TOLD if name == found] + [""])[0]


def opened(part, whole, room, make, mount):
    """(file system or None, how it was found). `part(blocks)` is the flash from its first block on, all of it `whole`; a store has
    `room` at most, and a new one has the size that fits on each board of this chip, so that they take it over from each other.
    `make(device)` and `mount(device)` are littlefs's."""
    flash, first = part(whole), bytearray(BLOCK)
    fresh = part(min(room, whole - LEFT))
    flash.readblocks(0, first)
    if first[: len(ERASE)] == ERASE:
        return _new(fresh, make, mount, NEW)
    for blocks in _counts(flash, first, whole):
        fs, found = _ours(part(blocks), mount)
        if fs:
            return (fs, found) if blocks <= room else _carried_over(fs, fresh, make, mount)
    if _holds_documents(flash, whole):
        return None, DAMAGED
    return _new(fresh, make, mount, NEW if _blank(flash, first) else MADE)


def _new(device, make, mount, found):
    try:
        make(device)
        fs = mount(device)
        fs.mkdir(FOLDER)
    except OSError:
        return None, WORN
    return fs, found


def _blank(flash, buf):
    for block in (0, 1):
        flash.readblocks(block, buf)
        if buf != b"\xff" * BLOCK:
            return False
    return True


def _counts(flash, buf, whole):
    """How many blocks a littlefs may have, by the superblocks in the first two (its SPEC.md): one of them may be damaged."""
    found = []
    for block in (0, 1):
        flash.readblocks(block, buf)
        size, count = struct.unpack_from("<II", buf, 24)
        if buf[8:16] == b"littlefs" and size == BLOCK and 2 <= count <= whole and count not in found:
            found.append(count)
    return found


def _ours(device, mount):
    """(file system, how it was found), if it mounts and has our folder with slots in it, or with nothing yet. Another firmware's
    may be full, or small, or hold more than can be carried over: it would take no document, and nobody could say why."""
    try:
        fs = mount(device)
        names = [entry[0] for entry in fs.ilistdir(FOLDER)]
        found = CUT if _is_there(fs, MOVING) else KEPT
    except (OSError, UnicodeError):  # names of another firmware may be no UTF-8
        return None, ""
    return (fs, found) if not names or any([name[-2:] in LETTERS for name in names]) else (None, "")


def _is_there(fs, path):
    try:
        fs.stat(path)
    except OSError as error:
        if error.args[0] != errno.ENOENT:
            raise
        return False
    return True


def _holds_documents(flash, whole):
    """Whether any block has the head of one of our slots in it: at its start, or among littlefs's own entries."""
    buf = bytearray(BLOCK)
    for block in range(whole):
        flash.readblocks(block, buf)
        raw = bytes(buf)
        at = raw.find(SLOT)
        while at >= 0:
            if _is_head(raw, at):
                return True
            at = raw.find(SLOT, at + 1)
    return False


def _is_head(raw, at):
    if at + 16 > BLOCK:
        return False
    sequence, length = struct.unpack_from("<II", raw, at + 4)
    return 0 < sequence < 1 << 24 and (length == 0 or length <= 8192 and raw[at + 16 : at + 17] == b"{")


def _carried_over(fs, device, make, mount):
    """Every file by way of RAM, for the new store lies over the old one. What does not fit in there is left as it is."""
    try:
        spare = bytearray(SPARE)
        files = list(_files(fs, "/"))
        del spare
    except MemoryError:
        return None, LARGE
    except (OSError, UnicodeError):
        return None, DAMAGED
    try:
        make(device)
        fs = mount(device)
        _write(fs, MOVING, b"1")
        for path, data in files:
            if data is None:
                fs.mkdir(path)
            else:
                _write(fs, path, data)
        fs.remove(MOVING)
    except OSError:
        return None, WORN
    return fs, MOVED


def _files(fs, folder):
    """(path, bytes) of every file, (path, None) of every folder before what is in it."""
    for entry in fs.ilistdir(folder):
        path = folder.rstrip("/") + "/" + entry[0]
        if entry[1] & 0x4000:
            yield path, None
            yield from _files(fs, path)
        else:
            with fs.open(path, "rb") as f:
                yield path, f.read()


def _write(fs, path, data):
    with fs.open(path, "wb") as f:
        f.write(data)


def mounted(kept_kb=0):
    """Mount the internal flash at /, but for `kept_kb` at its end, a journal's on some boards; gives how it was found."""
    import rp2
    import vfs

    flash = rp2.Flash()
    whole = flash.ioctl(4, 0)
    fs, found = opened(lambda blocks: rp2.Flash(start=0, len=blocks * BLOCK), whole, whole - kept_kb * 1024 // BLOCK,
                       lambda device: vfs.VfsLfs2.mkfs(device, progsize=256),
                       lambda device: vfs.VfsLfs2(device, progsize=256))  # fmt: skip
    if fs:
        vfs.mount(fs, "/")
    return found
