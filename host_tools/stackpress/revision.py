"""Which commit the sources are of. Sources that were changed since say so; a copy without its history says `unknown`."""

import subprocess
from pathlib import Path

SOURCES = ("firmware", "boards")  # what an image is made of


def git_hash(root: Path) -> str:
    """Twelve digits, and `_dirty`. Only of a checkout's own history: an installed copy may lie in somebody else's."""
    if not (root / ".git").exists():
        return "unknown"
    commit = _git(root, "rev-parse", "--short=12", "HEAD")
    changed = _git(root, "status", "--porcelain", "--", *SOURCES)
    return (commit + ("_dirty" if changed else "")) or "unknown"


def _git(root: Path, *words: str) -> str:
    try:
        return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:  # no git here
        return ""
