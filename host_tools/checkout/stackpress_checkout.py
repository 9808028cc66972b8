"""Lets an installed checkout give the four packages that a wheel gives, and no other name.

Their rooms hold more than packages: on `sys.path` they would make `main`, `drivers`, `tests` and the names of boards
importable, in the place of the user's own. It runs at every start of this environment's Python, so it imports next to nothing.
"""

import os
import sys
from importlib.machinery import PathFinder

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = {"stackpress": "host_tools", "stackpress_core": "firmware", "stackpress_plant": "boards", "stackpress_sim": "boards"}


class Checkout:
    """Asked before `sys.path`: a folder of the user's that is called stackpress is no package."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [os.path.join(ROOT, FOLDERS[name])]) if name in FOLDERS else None


sys.meta_path.insert(0, Checkout)
