"""`stackpress serve`: own the presses' ports for everybody, say who may do what, and hand a port over for a while."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from .exits import WRONG_INPUT, Failure
from .files import user_config
from .options import Json, Port, group
from .output import Output

app = group("Own the presses' ports for many clients: page, HTTP API, SCPI over TCP, messages. Ctrl-C ends it.")
APPS = {"serve": app}
app.info.no_args_is_help = False
INSTALL = "Install it with: pip install 'stackpress[serve]'"

Ports = Annotated[list[str] | None, typer.Option("--port", help="Serial port; repeat it. Without it every press that comes.")]
Address = Annotated[str | None, typer.Option("--address", help="Where it listens; 127.0.0.1, or 0.0.0.0 for other computers.")]
HttpPort = Annotated[int | None, typer.Option("--http-port", help="For page and API; 8573. 0: any that is free.")]
ScpiPort = Annotated[int | None, typer.Option("--scpi-port", help="Of the first press's SCPI socket; 5025. 0: any that is free.")]
ScpiOperates = Annotated[bool, typer.Option("--scpi-may-operate", help="SCPI sockets take orders; else they read, and stop.")]
Proxied = Annotated[bool, typer.Option("--proxied", help="A proxy stands before it: a token is asked for on this computer too.")]
May = Annotated[str, typer.Option("--may", help="read or operate.")]
Remove = Annotated[bool, typer.Option("--remove", help="Make the token of that name void.")]
Words = Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="What is run while the port is handed over.")]


@app.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    ports: Ports = None,
    address: Address = None,
    http_port: HttpPort = None,
    scpi_port: ScpiPort = None,
    scpi_may_operate: ScpiOperates = False,
    proxied: Proxied = False,
    json: Json = False,
) -> None:
    """Own the presses' ports for many clients, until Ctrl-C. Commands and scripts on this computer find it by themselves."""
    if context.invoked_subcommand:
        return
    try:
        from ..serve import running
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("stackpress"):
            raise
        raise Failure(f"The service needs what is not installed here ({error.name}).", INSTALL) from error
    from ..serve.settings import load
    from ..service import running as other

    there = other()
    if there:
        raise Failure(f"A service is running already: {there}", "One has every press; end it first.")
    said: dict[str, Any] = {
        "ports": tuple(ports) if ports else None, "address": address, "http_port": http_port, "scpi_port": scpi_port,
        "scpi_may_operate": scpi_may_operate or None, "proxied": proxied or None,
    }  # fmt: skip
    settings = replace(load(user_config() / "serve.toml"), **{key: value for key, value in said.items() if value is not None})
    out = Output(json)

    def ready(url: str) -> None:
        out.say(f"Serving at {url}. Ctrl-C ends it.")
        out.answer({"url": url})

    running.run(settings, user_config() / "serve-people.json", ready)


@app.command()
def token(name: str, may: May = "read", remove: Remove = False, json: Json = False) -> None:
    """Make a token for somebody beyond this computer; it is shown once. An old one of that name is void."""
    from ..serve.people import People

    out, people = Output(json), People(user_config() / "serve-people.json")
    if remove:
        people.remove(name)
        out.say(f"{name}: the token is void.")
        out.answer({"name": name, "removed": True})
        return
    made = people.add(name, may)
    out.say(made)
    out.progress(f"{name} may {may}. It is shown this once: on the page it is asked for, commands take it from STACKPRESS_TOKEN.")
    out.answer({"name": name, "may": may, "token": made})


@app.command()
def people(json: Json = False) -> None:
    """Say who has a token, and what each may."""
    from ..serve.people import People

    out, found = Output(json), People(user_config() / "serve-people.json").names()
    for name, may in found.items():
        out.say(f"{name}: {may}")
    out.answer({"people": found})


@app.command()
def lend(words: Words, port: Port = None) -> None:
    """Run another program while it has a press's port, and take the port back when it ends: mpremote, a terminal."""
    import os

    from ..service import borrowed

    with borrowed(port, words[0]) as device:
        given = [device or "" if word == "PORT" else word for word in words]
        environment = {**os.environ, **({"STACKPRESS_PORT": device} if device else {})}
        try:
            code = subprocess.run(given, env=environment).returncode
        except OSError as error:
            raise Failure(f"{words[0]}: {error.strerror}", "", WRONG_INPUT) from error
    raise typer.Exit(code)


@app.command()
def orders(port: Port = None, json: Json = False) -> None:
    """List who has ordered what, newest first."""
    from datetime import datetime

    from ..service import link

    out, served = Output(json), link(port)
    if served is None:
        raise Failure("No service has this press.", "`stackpress serve` starts one.")
    with served:
        found = served.service.ask("GET", f"{served.path}/orders?most=200")
    rows = [[datetime.fromtimestamp(one["unix_s"]).astimezone().isoformat(" ", "seconds"), one["operator"], one["way"], one["text"],
             one["outcome"]] for one in found]  # fmt: skip
    out.table(("when", "operator", "way", "order", "outcome"), rows)
    out.answer({"orders": found})


@app.command()
def install(json: Json = False) -> None:
    """Make it a service of this user's (systemd): it starts now, and with the computer."""
    out, path = Output(json), unit_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(unit())
    for step in (["systemctl", "--user", "daemon-reload"], ["systemctl", "--user", "enable", "--now", "stackpress.service"],
                 ["loginctl", "enable-linger"]):  # fmt: skip
        _done(step)
    out.say(f"Installed: {path}. `systemctl --user status stackpress` says how it is, `stackpress serve uninstall` ends it.")
    out.answer({"unit": str(path)})


@app.command()
def uninstall(json: Json = False) -> None:
    """End the user's service, and start it no more."""
    out, path = Output(json), unit_file()
    if not path.exists():
        raise Failure("It is not installed.", "`stackpress serve install` does that.")
    _done(["systemctl", "--user", "disable", "--now", "stackpress.service"])
    path.unlink()
    _done(["systemctl", "--user", "daemon-reload"])
    out.say("Not installed any more.")
    out.answer({"unit": str(path), "removed": True})


def unit_file() -> Path:
    """Where systemd looks for a user's services."""
    import os

    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "systemd" / "user" / "stackpress.service"


def unit() -> str:
    """The service as systemd wants it: what runs now, started again whatever ends it."""
    return f"""[Unit]
Description=stackpress serve: one owner of the presses' ports
After=network.target

[Service]
ExecStart="{sys.executable}" -P -m stackpress serve
Restart=always
RestartSec=2

[Install]
WantedBy=default.target
"""


def _done(words: list[str]) -> None:
    """Raises Failure with what the program said."""
    try:
        run = subprocess.run(words, capture_output=True, text=True)
    except OSError as error:
        raise Failure(f"{words[0]} can't be run: {error.strerror}", "Start it by hand: `stackpress serve`.") from error
    if run.returncode:
        raise Failure(f"{' '.join(words)}: {run.stderr.strip() or run.returncode}", "Start it by hand: `stackpress serve`.")
