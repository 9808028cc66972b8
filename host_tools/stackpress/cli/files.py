"""Which files a command means when none is named: here first, then the user's own folder."""

from pathlib import Path

from .exits import Failure


def user_config() -> Path:
    """The user's folder for press files, site overrides and calibrations."""
    import os

    chosen = os.environ.get("STACKPRESS_CONFIG_DIR")
    if chosen:
        return Path(chosen)
    from platformdirs import user_config_path

    return user_config_path("stackpress", appauthor=False)


def press_file(named: Path | None) -> Path:
    """The press file to use. Failure, with what to do, if there is none."""
    if named is not None:
        if named.is_dir():
            return named / "press.toml"
        return named
    for path in (Path("press.toml"), user_config() / "press.toml"):
        if path.is_file():
            return path
    from ..paths import BOARDS

    hint = f"Name one, or begin with a copy of {BOARDS / 'sim' / 'press.toml'}."
    raise Failure(f"There is no press.toml here and none in {user_config()}.", hint)


def site_file(named: Path | None, press: Path) -> Path | None:
    """The site overrides to use, if any."""
    if named is not None:
        return named
    for path in (press.parent / "site.toml", user_config() / "site.toml"):
        if path.is_file():
            return path
    return None


def calibration_file(identity: str) -> Path:
    """Where this board's calibration is kept."""
    safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in identity) or "unknown"
    return user_config() / "calibration" / f"{safe}.toml"
