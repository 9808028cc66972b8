"""Build a stock MicroPython for a chip, as anybody downloads it, from the same sources: what app sets are tried on.

`python -m boards.images.stock rp2040` leaves build/images/stock_rp2040/firmware.uf2. What differs from the download: the
libraries that micropython-lib brings (onewire, neopixel) are not there, and what is mended in the sources of our images is mended
here as well (sources.EDITS): no wait of half a second for a host that does not read, and recursion that ends 1 kB earlier.
"""

import sys
import time
from pathlib import Path

from boards.images import sources, uf2
from boards.images.build import OUT, mpy_cross

BOARD_OF = {"rp2040": "RPI_PICO", "rp2350": "RPI_PICO2"}
MANIFEST = 'freeze("$(PORT_DIR)/modules")\ninclude("$(MPY_DIR)/extmod/asyncio")\n'


def build(chip: str) -> Path:
    """The UF2, built once per version of the sources. Raises CannotBuild."""
    out = OUT / f"stock_{chip}"
    image, stamp = out / "firmware.uf2", out / "stamp"
    if image.exists() and stamp.exists() and stamp.read_text() == sources.key():
        return image
    sources.tools()
    mpy, sdk = sources.checkout()
    work = sources.cache() / "build" / f"stock-{chip}-{sources.key()}"
    work.mkdir(parents=True, exist_ok=True)
    (work / "manifest.py").write_text(MANIFEST)
    cross = {"MICROPY_MPYCROSS": str(mpy_cross())}
    if not (work / "build.ninja").exists():
        sources.run(
            ["cmake", "-G", "Ninja", "-S", str(mpy / "ports/rp2"), "-B", str(work), f"-DMICROPY_BOARD={BOARD_OF[chip]}",
             f"-DPICO_SDK_PATH_OVERRIDE={sdk}", "-DPICO_NO_PICOTOOL=1", f"-DMICROPY_FROZEN_MANIFEST={work / 'manifest.py'}"],
            why="cmake", env=cross)  # fmt: skip
    print("compiling ...", flush=True)
    sources.run(["ninja", "-C", str(work), "-j2"], why="the build of MicroPython", env=cross)
    out.mkdir(parents=True, exist_ok=True)
    image.write_bytes(uf2.encode((work / "firmware.bin").read_bytes(), uf2.FAMILIES[chip]))
    stamp.write_text(sources.key())
    return image


def main() -> int:
    began = time.monotonic()
    try:
        for chip in sys.argv[1:] or ["rp2040"]:
            print(build(chip))
    except sources.CannotBuild as reason:
        print(f"no image: {reason}", file=sys.stderr)
        return 1
    print(f"{time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
