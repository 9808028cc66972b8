"""The board's raw documents as files; that a torn write does no harm is the caller's business."""

import errno
import os

SLASH = "__"  # documents are named kind/name, files can't be


def absent(error):
    """None for what is not there; any other failure is raised."""
    if error.args[0] != errno.ENOENT:
        raise error


class Store:
    def __init__(self, folder):
        self._folder = folder
        try:
            os.mkdir(folder)
        except OSError as error:
            if error.args[0] != errno.EEXIST:
                raise

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
        return sorted(name.replace(SLASH, "/") for name in os.listdir(self._folder))
