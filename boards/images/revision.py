"""Which commit the sources are of; a copy without its history says `unknown`."""

import subprocess
from pathlib import Path


def git_hash(root: Path) -> str:
    """Twelve digits. Only of a checkout's own history: an installed copy may lie in somebody else's."""
    if not (root / ".git").exists():
        return "unknown"
    try:
        done = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=root, capture_output=True, text=True)
    except OSError:  # no git here
        return "unknown"
    return done.stdout.strip() or "unknown"
