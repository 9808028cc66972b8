"""Before main.py: a watchdog that ran on through a soft reset is fed, and the internal flash is mounted, for the prompt as well.

What is frozen comes before what lies in the file system: a stray module there is not what runs. What finds the store is needed
once, and its RAM is given back.
"""

import sys

import drivers
from drivers import internal_store, watchdog
from image_facts import SETTINGS
from stackpress_core.file_store import FileStore

watchdog.feed_at_prompt()
sys.path[:] = [".frozen", "", "/lib"]
FileStore.told = internal_store.told(internal_store.mounted(SETTINGS.get("journal_kb", 0)))
del sys.modules["drivers.internal_store"], drivers.internal_store, internal_store
