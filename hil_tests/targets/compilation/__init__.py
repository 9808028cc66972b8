"""rp2040py's compiled part, compiled once more for this machine: ten times as fast, the same to the cycle and to the byte.

The wheel's modules keep to Python's limited interface, so that one wheel fits every Python: each call between them goes through
Python objects. Here the sources that lie in the same wheel are compiled for this Python, with the changes of `patches.py` and with
a loop of our own (`loop.pyx`). `install()` puts the result before the wheel's modules. Without Cython, a C compiler or Python's
headers the emulator runs as it was installed.
"""

import fcntl
import hashlib
import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

from hil_tests.targets.compilation import plant
from hil_tests.targets.compilation.patches import IN_PYTHON, MACHINES, MENDS, NOW, PROPERTIES, REGISTER

HERE = Path(__file__).resolve().parent
EDGES = tuple(HERE.parents[1] / "devices" / f"edges.{kind}" for kind in ("py", "pxd"))
CYTHON = ("-3", "-X", "annotation_typing=False")
FLAGS = ("-shared", "-fPIC", "-O3", "-DNDEBUG", "-w")
PACKAGE = "rp2040py.native"
TOO_LATE = "rp2040py was imported before"
HOW_TO_GET_IT = "apt-get install gcc python3-dev; pip install cython"
OFF = "STACKPRESS_PLAIN_EMULATOR"  # set to 1: run rp2040py as it was installed


class CannotCompile(Exception):
    """Why the emulator stays slow."""


class Finder:
    """Finds a module under its whole name among what was compiled here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        file = self.folder / f"{name}.so"
        if not file.exists():
            return None
        loader = importlib.machinery.ExtensionFileLoader(name, str(file))
        return importlib.util.spec_from_file_location(name, file, loader=loader)


def install() -> str:
    """Use the fast modules from now on; why not, if not. Before anything of rp2040py is imported."""
    if any(isinstance(one, Finder) for one in sys.meta_path):
        return ""
    if os.environ.get(OFF) == "1":
        return f"{OFF}=1"
    if PACKAGE in sys.modules:
        return TOO_LATE
    try:
        finder: Any = Finder(compiled())
    except CannotCompile as error:
        return str(error)
    sys.meta_path.insert(0, finder)
    return ""


def plant_step() -> Callable[[Any, Any], None]:
    """The plant's step; compiled where the emulator is."""
    module: Any = importlib.import_module("stackpress_plant.step" if install() else f"{PACKAGE}._plant")
    step: Callable[[Any, Any], None] = module.step
    return step


def compiled() -> Path:
    """The folder with the modules, made unless it is there. Raises CannotCompile."""
    spec = importlib.util.find_spec("rp2040py")
    if spec is None or not spec.submodule_search_locations:
        raise CannotCompile("rp2040py is not installed")
    sources = Path(spec.submodule_search_locations[0]) / "native"
    folder = cache() / key()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of one test run come here together
        if not (folder / "modules").exists():
            _compile(sources, folder)
    return folder / "modules"


def cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "stackpress" / "emulator"


def key() -> str:
    """Of all that decides what comes out."""
    own_code = [path for ending in ("py", "pyx", "pxd", "h") for path in HERE.glob(f"*.{ending}")]
    parts = sorted([*own_code, *plant.sources(), *EDGES])
    own = hashlib.sha256(b"".join(path.read_bytes() for path in parts)).hexdigest()
    what = (importlib.metadata.version("rp2040py"), sys.version, sysconfig.get_platform(), CYTHON, FLAGS, own)
    return hashlib.sha256(repr(what).encode()).hexdigest()[:16]


def _compile(sources: Path, folder: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    headers = Path(sysconfig.get_paths()["include"])
    if not compiler or not (headers / "Python.h").exists() or not importlib.util.find_spec("Cython"):
        raise CannotCompile(f"a C compiler, Python's headers or Cython is missing: {HOW_TO_GET_IT}")
    tree = folder / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    native = tree / "rp2040py" / "native"
    native.mkdir(parents=True)
    for path in sources.glob("*.p*"):
        if path.suffix in (".pyx", ".pxd"):
            shutil.copyfile(path, native / path.name)
    for name in IN_PYTHON:
        target = native.parent / name
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(sources.parent / name, target)
    registers = (sources.parent / "peripherals" / "pio_registers.py").read_text()
    _mend(native, dict(re.findall(REGISTER, registers, re.M)))
    for path in (*HERE.glob("*.pyx"), *HERE.glob("*.pxd"), *HERE.glob("*.h")):
        shutil.copyfile(path, native / (path.name if path.suffix == ".h" else f"_{path.name}"))
    (native / "_plant.pyx").write_text(plant.text())
    devices = tree / "hil_tests" / "devices"
    devices.mkdir(parents=True)
    for path in EDGES:
        (devices / path.name).write_text(path.read_text().replace(*NOW))
    plain = [native.parent / name for name in IN_PYTHON]
    for package in {tree / "rp2040py", native, tree / "hil_tests", devices, *(path.parent for path in plain)}:
        (package / "__init__.py").touch()
    made = tree / "made"
    made.mkdir()

    def one(path: Path) -> None:
        c, name = path.with_suffix(".c"), ".".join(path.relative_to(tree).with_suffix("").parts)
        _run([sys.executable, "-m", "cython", *CYTHON, "-o", str(c), str(path)], tree)
        _run([compiler, *FLAGS, f"-I{headers}", str(c), "-o", str(made / f"{name}.so")], tree)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, [*sorted(native.glob("*.pyx")), *plain, devices / "edges.py"]))
    made.rename(folder / "modules")
    shutil.rmtree(tree)


def _mend(native: Path, registers: dict[str, str]) -> None:
    for name, there, instead in MENDS:
        text = (native / name).read_text()
        if text.count(there) != 1:
            raise CannotCompile(f"rp2040py's {name} is not the one that patches.py was written for")
        (native / name).write_text(text.replace(there, instead))
    machine = native / "_state_machine.pyx"
    text = machine.read_text()
    for name, field in PROPERTIES.items():
        text = re.sub(rf"self\.{name}\b", field, text)
    machine.write_text(text)
    block = native / "_pio.pyx"
    head, class_, body = re.sub(*MACHINES, block.read_text()).partition("cdef class RPPIO")
    block.write_text(head + class_ + re.sub(r"\b[A-Z]\w+\b", lambda word: registers.get(word[0], word[0]), body))


def _run(command: list[str], where: Path) -> None:
    done = subprocess.run(command, cwd=where, capture_output=True, text=True)
    if done.returncode:
        raise CannotCompile(f"{command[-1]}: {(done.stdout + done.stderr)[-600:]}")
