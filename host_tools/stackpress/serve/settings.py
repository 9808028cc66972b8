"""What the service is told: `serve.toml` in the user's configuration folder; nothing of it is needed."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import WrongInput

HTTP_PORT, SCPI_PORT = 8573, 5025


@dataclass(frozen=True)
class Settings:
    """`scpi_port` is the first press's, each press has one of its own; 0: any that is free."""

    address: str = "127.0.0.1"
    http_port: int = HTTP_PORT
    scpi_port: int = SCPI_PORT
    scpi_may_operate: bool = False  # else the SCPI sockets only read, and stop
    proxied: bool = False  # a proxy of the user's stands before it: then loopback is no proof of being here
    ports: tuple[str, ...] = ()  # none: every press that this computer sees
    message: tuple[dict[str, Any], ...] = ()


def load(path: Path) -> Settings:
    """The file's settings, or those of no file. Raises WrongInput, naming the key."""
    if not path.exists():
        return Settings()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise WrongInput(f"{path}: {error}", "TOML, please.") from error
    known = {field.name: field.default for field in fields(Settings)}
    for key, value in document.items():
        if key not in known:
            raise WrongInput(f"{path}: there is no setting {key}", f"There are: {', '.join(known)}.")
        if type(value) is not (list if isinstance(known[key], tuple) else type(known[key])):
            raise WrongInput(f"{path}: {key} = {value!r} is of the wrong kind", f"Like {key} = {_shown(known[key])}.")
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in document.items()}
    return Settings(**given)


def _shown(value: Any) -> str:
    return "[]" if isinstance(value, tuple) else str(value).lower() if isinstance(value, bool) else repr(value)
