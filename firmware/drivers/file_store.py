"""Documents as files of the board's littlefs. A torn write is the documents' business: each has two slots.

Nothing here formats: a file system that does not mount is a fault that is told, not mended. Only flash that was never written
(all ones) gets a new one.
"""

import errno
import os

SLASH = "__"  # documents are named kind/name, files can't be


class FileStore:
    def __init__(self, folder="/documents"):
        self._folder = folder
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it is there, or there is no file system: then every write says so

    def _path(self, name):
        return self._folder + "/" + name.replace("/", SLASH)

    def read(self, name):
        """The bytes, or None if there are none of that name; OSError if they can't be read."""
        try:
            with open(self._path(name), "rb") as f:
                return f.read()
        except OSError as error:
            return absent(error)

    def write(self, name, data):
        with open(self._path(name), "wb") as f:
            f.write(data)

    def remove(self, name):
        try:
            os.remove(self._path(name))
        except OSError as error:
            absent(error)

    def names(self):
        try:
            return sorted([name.replace(SLASH, "/") for name in os.listdir(self._folder)])
        except OSError as error:  # no file system, no folder
            return absent(error) or []


def absent(error):
    """None for what is not there; any other failure is raised."""
    if error.args[0] not in (errno.ENOENT, errno.ENODEV):
        raise error


def mount(kept_kb=0):
    """Mount the internal flash at /, but for `kept_kb` at its end, which are the journal's on some boards.

    A virgin chip is formatted; anything else that does not mount is left as it is.
    """
    import rp2
    import vfs

    flash = rp2.Flash()
    if kept_kb:
        flash = rp2.Flash(start=0, len=flash.ioctl(4, 0) * flash.ioctl(5, 0) - kept_kb * 1024)
    try:
        fs = vfs.VfsLfs2(flash, progsize=256)
    except OSError:
        if not virgin(flash):
            return False
        vfs.VfsLfs2.mkfs(flash, progsize=256)
        fs = vfs.VfsLfs2(flash, progsize=256)
    vfs.mount(fs, "/")
    return True


def virgin(flash, blocks=2, size=4096):
    """Whether the blocks that would hold a file system's superblocks were never written."""
    buf = bytearray(size)
    for block in range(blocks):
        flash.readblocks(block, buf)
        if buf != b"\xff" * size:
            return False
    return True
