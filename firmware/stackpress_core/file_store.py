"""Documents as files of a board's littlefs, or of a simulated press's folder. A torn write is their business: each has two slots.

Nothing here formats, and a failure is told, not mended: drivers/internal_store.py has found or made the file system.
"""

import errno
import os

SLASH = "__"  # documents are named kind/name, files can't be


class FileStore:
    told = ""  # how boot.py found the flash, if not as it was left

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
        path = self._path(name)
        try:
            raw = bytearray(os.stat(path)[6])  # at once: what grows while it is read needs its room twice
            with open(path, "rb") as f:
                return raw if f.readinto(raw) == len(raw) else b""
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
