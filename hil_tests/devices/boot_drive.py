"""A chip's boot drive as a folder: what the ROM shows in BOOTSEL mode, and what it does with a UF2 that is copied there.

RP2040 datasheet 2.8.5: INFO_UF2.TXT and INDEX.HTM are there. Blocks of another family, or that do not lie in flash, are not
written. When as many blocks have been written as each block says there are, the chip restarts and the drive is gone.
"""

import shutil
import struct
import threading
from collections.abc import Callable
from pathlib import Path

INFO = "UF2 Bootloader v3.0\nModel: {model}\nBoard-ID: {board_id}\n"
CHIPS = {"rp2040": ("Raspberry Pi RP2", "RPI-RP2", 0xE48BFF56), "rp2350": ("Raspberry Pi RP2350", "RP2350", 0xE48BFF59)}
MAGIC = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
FLASH, FLASH_END = 0x10000000, 0x11000000


class BootDrive:
    """`appear()` shows it at `path`; `taken(blocks)` is called, with address -> bytes, when the chip restarts."""

    def __init__(self, path: Path, taken: Callable[[dict[int, bytes]], None], chip: str = "rp2040") -> None:
        self.path, self.taken = path, taken
        self.model, self.board_id, self.family = CHIPS[chip]
        self.blocks: dict[int, bytes] = {}
        self.unplug_after = -1  # blocks after which somebody pulls the cable
        self._off = threading.Event()
        self._thread: threading.Thread | None = None

    def appear(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "INDEX.HTM").write_text("<html></html>")
        (self.path / "INFO_UF2.TXT").write_text(INFO.format(model=self.model, board_id=self.board_id))
        self.blocks = {}
        self._off.clear()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def there(self) -> bool:
        """From `appear` until the chip has taken what was copied, or until it was unplugged."""
        return self._thread is not None and self._thread.is_alive()

    def vanish(self) -> None:
        """Unmounted, all at once, as a disk goes: whoever writes there, or plugs it in again, finds no half of it."""
        self._off.set()
        gone = self.path.with_name(f".{self.path.name}.gone")
        self.path.rename(gone)
        shutil.rmtree(gone)

    def close(self) -> None:
        self._off.set()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join()

    def _watch(self) -> None:
        seen = 0
        while not self._off.wait(0.005):
            for file in self.path.glob("*.uf2"):
                data = file.read_bytes()
                while seen + 512 <= len(data):
                    block = data[seen : seen + 512]
                    seen += 512
                    if self._block(block):
                        return

    def _block(self, block: bytes) -> bool:
        """One block of 512 bytes; whether the drive is gone now."""
        m0, m1, _, address, size, _, count, family = struct.unpack_from("<8I", block)
        whole = (m0, m1) == MAGIC[:2] and struct.unpack_from("<I", block, 508)[0] == MAGIC[2]
        if not whole or family != self.family or not FLASH <= address < FLASH_END:
            return False
        self.blocks[address] = block[32 : 32 + size]
        if len(self.blocks) == self.unplug_after:
            self.vanish()
            return True
        if len(self.blocks) < count:
            return False
        self.vanish()
        self.taken(dict(self.blocks))
        return True
