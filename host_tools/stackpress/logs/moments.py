"""Moments as people write and read them: a date, so long ago, local time with how far it is from UTC."""

import re
from datetime import datetime, timedelta

from stackpress.errors import WrongInput

AGO = {"h": 1, "d": 24, "w": 7 * 24}


class NoMoment(WrongInput):
    """A text that is no date, and not so long ago."""


def moment(text: str) -> datetime:
    """A moment in local time: a date, a date with a time, either with a zone, or so long ago. Raises NoMoment for anything else."""
    ago = re.fullmatch(r"([0-9]{1,5})([hdw])", text.strip())
    if ago:
        return datetime.now().astimezone() - timedelta(hours=int(ago[1]) * AGO[ago[2]])
    try:
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError) as error:
        raise NoMoment(f"{text} is no date", "As 2026-11-03, '2026-11-03 14:30', 7d, 12h or 2w.") from error


def local(unix_s: float | None) -> str:
    """Local time with how far it is from UTC: two rows of a night in October can be told apart."""
    return "?" if unix_s is None else datetime.fromtimestamp(unix_s).astimezone().isoformat(" ", "minutes")
