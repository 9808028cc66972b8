"""Before main.py: a watchdog that ran on through a soft reset is fed, and what is frozen comes before what lies in the file system.

A stray module there is not what runs. The board mounts the internal flash (internal_store.py).
"""

import sys

from drivers import watchdog

watchdog.feed_at_prompt()
sys.path[:] = [".frozen", "", "/lib"]
