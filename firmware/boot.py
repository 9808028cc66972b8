"""Before main.py: a watchdog that ran on through a soft reset is fed, the internal flash is mounted and never reformatted.

What is frozen comes before what lies in the file system: a stray module there is not what runs.
"""

import sys

from drivers import file_store, watchdog
from image_facts import SETTINGS

watchdog.feed_at_prompt()
sys.path[:] = [".frozen", "", "/lib"]
file_store.mount(SETTINGS.get("journal_kb", 0))
