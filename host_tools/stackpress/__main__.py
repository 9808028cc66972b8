"""`python -m stackpress` is the command `stackpress`, without the folder that it was called in.

Python puts that folder in front of its own modules: a `json.py` there would be taken for Python's. What Python itself
imports on the way here (pkgutil and what that needs) is beyond our reach; the script `stackpress` has no such gap.
"""

import sys

if not sys.flags.safe_path:
    del sys.path[0]

from .cli import main  # noqa: E402  (only now)

main()
