"""The source of MicroPython and what an rp2 image needs, from pinned Debian packages: fetched once, kept by version.

`MICROPYTHON=1.26` in the environment takes another version of the table than the one that images are made of else.

Nothing on this machine is changed: apt works in a configuration, list and cache folder of its own, with the mirror that the
machine itself uses. apt verifies the signatures; what it says about a package is what is unpacked.
"""

import hashlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

TOOLS = ("gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "libstdc++-arm-none-eabi-newlib", "cmake", "ninja-build")
EDITS = (  # file, what stands there, what shall stand there
    # never wait for a host that has the port open and does not read
    ("ports/rp2/mphalport.h", "MICROPY_HW_USB_CDC_TX_TIMEOUT (500)", "MICROPY_HW_USB_CDC_TX_TIMEOUT (0)"),
    # the tick, in whatever is interrupted, and C that does not look how deep it is: 1 kB of the stack
    ("ports/rp2/mpconfigport.h", "MICROPY_STACK_CHECK_MARGIN              (256)", "MICROPY_STACK_CHECK_MARGIN              (1024)"),
    # two caches for a file system of a few small files, and one for each open file: a page of flash each, not four
    ("extmod/vfs_lfsx.c", "(4 * MAX(read_size, prog_size))", "MAX(read_size, prog_size)"),
    # code in RAM for a part that no board has: lights on one wire
    ("ports/rp2/mpconfigport.h", "MICROPY_PY_MACHINE_BITSTREAM            (1)", "MICROPY_PY_MACHINE_BITSTREAM            (0)"),
    # viper of ARMv6-M loads each constant above 255 from a word beside it: where a function begins between two words, the wrong one
    ("tools/mpy-tool.py", "self.fun_data_attributes += \" __attribute__ ((aligned (2)))\"",
     "self.fun_data_attributes += \" __attribute__ ((aligned (4)))\""),
)
# MicroPython has a hook of its own there since 1.26: ours (usb_wire.c) comes first and does what it did
HOOK = ("shared/tinyusb/mp_usbd.c", "TU_ATTR_FAST_FUNC void tud_event_hook_cb(", "TU_ATTR_WEAK void tud_event_hook_cb(")
SDK_2_2 = ("ports/rp2/CMakeLists.txt", "    pico_platform_compiler\n", "    pico_platform_common\n    pico_platform_compiler\n")
# since pico-sdk 2.2 a stack takes room where it is laid: MicroPython lays 8 kB of it into the 4 kB that an RP2350 has there
SPACERS = ("ports/rp2/CMakeLists.txt", "    PICO_CORE1_STACK_SIZE=0\n",
           "    PICO_CORE1_STACK_SIZE=0\n    PICO_CRT0_ALLOCATE_SPACERS=0\n")  # fmt: skip


class Release(NamedTuple):
    """A MicroPython and what fits to it, as Debian has them."""

    suite: str
    archives: tuple[tuple[str, str], ...]  # source packages
    packages: tuple[tuple[str, str], ...]  # packages that hold sources
    edits: tuple[tuple[str, str, str], ...]


VERSIONS = {
    "1.25": Release("trixie", (("micropython", "1.25.0+ds-1"), ("mbedtls", "3.6.6-0.1~deb13u1")),
                    (("pico-sdk-source", "2.1.1-1"), ("tinyusb-source", "0.18.0+dfsg-1")), EDITS),
    "1.26": Release("sid", (("micropython", "1.26.1+ds-1"), ("mbedtls", "3.6.7-3")),
                    (("pico-sdk-source", "2.2.0-3"), ("tinyusb-source", "0.18.0+dfsg-1")), (*EDITS, SDK_2_2, SPACERS, HOOK)),
}  # fmt: skip
DEFAULT = "1.25"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


class CannotBuild(Exception):
    """Something that an image needs is not there; the text says what and how to get it."""


def cache() -> Path:
    """The folder for what is fetched, outside the tree."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "stackpress" / "images"


def version() -> str:
    """Which row of VERSIONS is asked for. Raises CannotBuild."""
    asked = os.environ.get("MICROPYTHON") or DEFAULT
    if asked not in VERSIONS:
        raise CannotBuild(f"MICROPYTHON={asked} is not known: one of {', '.join(VERSIONS)}, or a checkout: MPY_DIR=...")
    return asked


def key() -> str:
    """A folder's name: the version, and a hash of everything that makes it."""
    text = repr(VERSIONS[version()])
    return f"micropython-{version()}-" + hashlib.sha256(text.encode()).hexdigest()[:12]


def tools() -> None:
    """Install the cross compiler if it is missing and this user may; CannotBuild if not."""
    if all(shutil.which(tool) for tool in ("arm-none-eabi-gcc", "cmake", "ninja")):
        return
    install(TOOLS, "the cross compiler is missing")


def install(packages: Sequence[str], missing: str) -> None:
    """Debian's packages, if this user may; CannotBuild with what is `missing` if not."""
    if not packages:
        return
    told = f"{missing}: apt-get install " + " ".join(packages)
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise CannotBuild(told)
    print("installing", " ".join(packages))
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    quietly = {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        run(command, why=told, env=quietly)
    except CannotBuild:  # a machine that has never been told what there is
        run(["apt-get", "update"], why="apt-get update")
        run(command, why=told, env=quietly)


def run(command: list[str], cwd: Path | None = None, why: str = "", env: dict[str, str] | None = None) -> str:
    """Run a command quietly; CannotBuild with the end of what it said."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env={**os.environ, **(env or {})})
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
        raise CannotBuild(f"{why or ' '.join(command[:3])} failed:\n{said}")
    return done.stdout


def checkout() -> tuple[Path, Path]:
    """(MicroPython with its libraries in place, pico-sdk); fetched and unpacked unless they are there."""
    own = os.environ.get("MPY_DIR")
    if own:
        mpy = Path(own).resolve()
        if not (mpy / "ports/rp2").is_dir() or not (mpy / "lib/pico-sdk/pico_sdk_init.cmake").exists():
            raise CannotBuild(f"MPY_DIR={own} is no MicroPython checkout with submodules: run make -C ports/rp2 submodules there")
        return _mended(mpy), mpy / "lib/pico-sdk"
    folder = cache() / key()
    if not (folder / "complete").exists():
        _fetch(folder)
    return folder / "micropython", folder / "pico-sdk"


def _mended(mpy: Path) -> Path:
    """A tree of links to somebody's checkout, with our edits in copies of the files concerned: the checkout is left alone.

    A file that is not what was expected stays as it is: another version may need no mending, and the build says what it is.
    """
    tree = cache() / ("links-" + hashlib.sha256(str(mpy).encode()).hexdigest()[:12])
    shutil.rmtree(tree, ignore_errors=True)
    edited = [Path(file) for file, _, _ in EDITS]
    own = {parent for file in edited for parent in file.parents}
    for folder in sorted(own):
        (tree / folder).mkdir(parents=True)
        for entry in (mpy / folder).iterdir():
            if entry.relative_to(mpy) not in own and entry.relative_to(mpy) not in edited:
                (tree / folder / entry.name).symlink_to(entry)
    for file in dict.fromkeys(edited):
        text = (mpy / file).read_text()
        for old, new in [(old, new) for name, old, new in EDITS if Path(name) == file]:
            if old not in text:
                print(f"note: {file} of this checkout is not mended: it is not the one that is known")
            text = text.replace(old, new)
        (tree / file).write_text(text)
        shutil.copystat(mpy / file, tree / file)
    return tree


def _fetch(folder: Path) -> None:
    if not shutil.which("apt-get") or not KEYRING.exists():
        raise CannotBuild("the sources come from Debian packages; elsewhere give a checkout: make firmware MPY_DIR=...")
    shutil.rmtree(folder, ignore_errors=True)
    work = folder / "fetch"
    work.mkdir(parents=True)
    release = VERSIONS[version()]
    print(f"fetching MicroPython {version()}, pico-sdk, tinyusb and mbedtls ...", flush=True)
    options = _apt(work, release.suite)
    run(["apt-get", *options, "update"], why="apt-get update of the sources")
    for how, wanted in ((("source", "--download-only"), release.archives), (("download",), release.packages)):
        for name, pinned in wanted:
            why = f"fetching {name} {pinned}, which Debian's {release.suite} had,"
            run(["apt-get", *options, *how, f"{name}={pinned}"], work, why)
    for archive in work.glob("*.orig.tar.*"):
        with tarfile.open(archive) as tar:
            tar.extractall(work, filter="tar")
    for package in work.glob("*.deb"):
        run(["dpkg-deb", "-x", str(package), str(work / "packages")])
    _arrange(folder, work)
    shutil.rmtree(work)
    (folder / "complete").touch()


def unpacked(work: Path, suite: str, names: tuple[str, ...]) -> Path:
    """The newest binary packages of a suite, unpacked into a folder of `work`, which must be new; nothing is installed."""
    options = _apt(work, suite)
    run(["apt-get", *options, "update"], why=f"apt-get update of {suite}")
    for name in names:
        run(["apt-get", *options, "download", name], work, f"fetching {name} of {suite}")
    for package in work.glob("*.deb"):
        run(["dpkg-deb", "-x", str(package), str(work / "packages")])
    return work / "packages"


def _apt(work: Path, suite: str) -> list[str]:
    """Options that keep apt in `work`, with the machine's own mirror."""
    mirrors = run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Origin: Debian"]).split()
    if not mirrors:
        raise CannotBuild("this machine's apt knows no Debian mirror; give a checkout: make firmware MPY_DIR=...")
    plain = [uri for uri in mirrors if "security" not in uri] or mirrors
    for part in ("parts", "lists/partial", "cache/archives/partial"):
        (work / part).mkdir(parents=True)
    (work / "parts/sources.sources").write_text(
        f"Types: deb deb-src\nURIs: {plain[0]}\nSuites: {suite}\nComponents: main\nSigned-By: {KEYRING}\n"
    )
    settings = {"Dir::Etc::sourcelist": "/dev/null", "Dir::Etc::sourceparts": work / "parts",
                "Dir::State::lists": work / "lists", "Dir::Cache": work / "cache", "APT::Sandbox::User": "root"}  # fmt: skip
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def _arrange(folder: Path, work: Path) -> None:
    """Libraries where the rp2 port looks for them, and the cross compiler of .mpy files built."""
    mpy, sdk = folder / "micropython", folder / "pico-sdk"
    next(work.glob("micropython-*/")).rename(mpy)
    _found(work / "packages", "pico_sdk_init.cmake").rename(sdk)
    for library, tree in (("tinyusb", _found(work / "packages", "src/tusb.h")), ("mbedtls", next(work.glob("mbedtls-*/")))):
        shutil.rmtree(mpy / "lib" / library, ignore_errors=True)
        tree.rename(mpy / "lib" / library)
    _link(sdk / "lib/tinyusb", mpy / "lib/tinyusb")
    _link(mpy / "lib/pico-sdk", sdk)
    readme = mpy / "lib/micropython-lib/README.md"
    readme.parent.mkdir(exist_ok=True)
    readme.touch()
    for file, old, new in VERSIONS[version()].edits:
        text = (mpy / file).read_text()
        if old not in text:
            raise CannotBuild(f"{file} is not what was expected")
        (mpy / file).write_text(text.replace(old, new))
    print("building mpy-cross ...", flush=True)
    run(["make", "-j2", "-C", str(mpy / "mpy-cross"), "CFLAGS_EXTRA=-Wno-error"], why="building mpy-cross")


def _link(place: Path, target: Path) -> None:
    if place.is_symlink():
        place.unlink()
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(target)


def _found(tree: Path, file: str) -> Path:
    """The folder in `tree` that holds `file`."""
    for path in tree.rglob(Path(file).name):
        if str(path).endswith(file):
            return Path(str(path)[: -len(file)].rstrip("/"))
    raise CannotBuild(f"{file} is not in the packages")
