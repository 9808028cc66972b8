"""The board's raw documents as files; that a torn write does no harm is the caller's business."""

import os

SLASH = "__"  # documents are named kind/name, files can't be


class Store:
    def __init__(self, folder):
        self._folder = folder
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it is there

    def _path(self, name):
        return self._folder + "/" + name.replace("/", SLASH)

    def read(self, name):
        """The bytes, or None if there are none of that name."""
        try:
            with open(self._path(name), "rb") as f:
                return f.read()
        except OSError:
            return None

    def write(self, name, data):
        with open(self._path(name), "wb") as f:
            f.write(data)

    def remove(self, name):
        try:
            os.remove(self._path(name))
        except OSError:
            pass  # it was not there

    def names(self):
        return sorted(name.replace(SLASH, "/") for name in os.listdir(self._folder))
