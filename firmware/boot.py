"""Before main.py: mount the internal flash, and never reformat what does not mount."""

from drivers.file_store import mount

mount()
