"""What people say about a run afterwards: tags and comments, kept apart from what the press wrote, which nobody may change.

They stand in the database and, whenever it is written, in the run's sidecar. Runs can be made again from the raw files; these
can not.
"""

import json
import time
from collections.abc import Sequence
from typing import Any

from stackpress.errors import WrongInput
from stackpress.logs.runs import Run, annotated, document
from stackpress.logs.store import Store
from stackpress.whole_file import write_whole

TAG_MOST, COMMENT_MOST = 40, 2000  # characters: what a line of `runs`, and a page of a report, has room for


class BadTag(WrongInput):
    """A tag that could not be typed again, or that the run does not have."""


class TooLong(WrongInput):
    """A comment that is a file of its own: no page of a report would hold it."""


def tag(store: Store, run: Run, names: Sequence[str]) -> None:
    """Give the run these tags; one that it has already stays. Raises BadTag."""
    for name in names:
        if not 0 < len(name) <= TAG_MOST or any(c.isspace() or c == "," for c in name):
            said = f"{name[:TAG_MOST]!r}{'...' if len(name) > TAG_MOST else ''} is no tag"
            raise BadTag(said, f"A tag is one word without commas, of {TAG_MOST} characters at most, as `good` or `batch-7`.")
    for name in names:
        store.db.execute("INSERT OR IGNORE INTO tags VALUES (?, ?)", (run.run_id, name))
    renew(store, run)


def untag(store: Store, run: Run, names: Sequence[str]) -> None:
    """Take tags from the run. Raises BadTag for one that it has not; then none is taken."""
    missing = [name for name in names if name not in run.tags]
    if missing:
        raise BadTag(f"{run.run_id} has no tag {missing[0]!r}", f"It has: {', '.join(run.tags) or 'none'}.")
    for name in names:
        store.db.execute("DELETE FROM tags WHERE run_id = ? AND tag = ?", (run.run_id, name))
    renew(store, run)


def comment(store: Store, run: Run, text: str, unix_s: float | None = None) -> None:
    """Add a comment, with the time at which it was made. Raises TooLong."""
    if len(text) > COMMENT_MOST:
        raise TooLong(f"The comment has {len(text)} characters.", f"At most {COMMENT_MOST}; a longer text is a file of its own.")
    store.db.execute("INSERT INTO comments VALUES (?, ?, ?)", (run.run_id, time.time() if unix_s is None else unix_s, text))
    renew(store, run)


def renew(store: Store, run: Run) -> None:
    """Write into the run's sidecar what people say of it now."""
    side: dict[str, Any] = document(run)
    write_whole(run.sidecar, json.dumps(side | annotated(store, run.run_id), indent=1))
