"""UF2: the file that an RP2040's boot drive takes. 512-byte blocks of 256 bytes each, every one with its address and family."""

import struct
from collections.abc import Sequence

FAMILIES = {"rp2040": 0xE48BFF56, "rp2350": 0xE48BFF59}
FLASH = 0x10000000
PAYLOAD = 256
MAGIC = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
FAMILY_PRESENT, EXTENSIONS_PRESENT = 0x2000, 0x8000
SECTOR = 4096
ABSOLUTE, IGNORE = 0xE48BFF57, 0x9957E304  # family and extension of the block of RP2350-E10, as picotool writes it


def chip_of(family: int) -> str:
    """Which chip's boot drive takes it. Raises KeyError for a family of none of ours."""
    return {number: name for name, number in FAMILIES.items()}[family]


def families() -> str:
    """Those that chip_of knows, in words."""
    return ", ".join(f"{number:#x} ({name})" for name, number in sorted(FAMILIES.items(), key=lambda one: one[1]))


def encode(image: bytes, family: int, address: int = FLASH) -> bytes:
    """A raw image as UF2; without the block of RP2350-E10 (decisions/no-block-for-e10.md)."""
    return encode_pieces([(address, image)], family)


def encode_pieces(pieces: Sequence[tuple[int, bytes]], family: int) -> bytes:
    """The same of several pieces, each (address, bytes). Of more than one each fills its last sector: RP2040-E14."""
    pages = []
    for address, data in pieces:
        whole = SECTOR if len(pieces) > 1 else PAYLOAD
        data = data.ljust(-(-len(data) // whole) * whole, b"\xff" if whole == SECTOR else b"\0")
        pages += [(address + at, data[at : at + PAYLOAD]) for at in range(0, len(data), PAYLOAD)]
    heads = [(FAMILY_PRESENT, address, PAYLOAD, n, len(pages), family) for n, (address, _) in enumerate(pages)]
    return b"".join(_block(head, part) for head, (_, part) in zip(heads, pages, strict=True))


def _block(head: tuple[int, ...], part: bytes) -> bytes:
    return struct.pack("<8I", *MAGIC[:2], *head) + part.ljust(476, b"\0") + struct.pack("<I", MAGIC[2])


def _is_ignored(block: bytes) -> bool:
    """A block of RP2350-E10, wherever its writer aimed it; early picotools wrote it without the extension's flag."""
    m0, m1, flags, _, size, number, count, family = struct.unpack_from("<8I", block)
    (extension,) = struct.unpack_from("<I", block, 32 + PAYLOAD)
    tagged = not flags & EXTENSIONS_PRESENT or extension == IGNORE
    (last,) = struct.unpack_from("<I", block, 508)
    return ((m0, m1, last) == MAGIC and flags & FAMILY_PRESENT > 0 and (size, number, count, family) == (PAYLOAD, 0, 2, ABSOLUTE)
            and block[32 : 32 + PAYLOAD] == b"\xef" * PAYLOAD and tagged)  # fmt: skip


def for_the_drive(data: bytes) -> bytes:
    """The file without a block of RP2350-E10: on our boards it does nothing, but may be written into the flash's last sector."""
    return data[512:] if _is_ignored(data[:512].ljust(512, b"\0")) else data


def decode(data: bytes) -> tuple[int, int, bytes]:
    """(family, first address, image). Raises ValueError if it is no whole UF2 file of one family without gaps."""
    data = for_the_drive(data)
    if not data or len(data) % 512:
        raise ValueError("not whole blocks of 512 bytes")
    image, first, families = b"", 0, set()
    for n in range(len(data) // 512):
        block = data[n * 512 : (n + 1) * 512]
        m0, m1, flags, address, size, number, count, family = struct.unpack_from("<8I", block)
        if (m0, m1) != MAGIC[:2] or struct.unpack_from("<I", block, 508)[0] != MAGIC[2]:
            raise ValueError(f"block {n} is no UF2 block")
        if number != n or count != len(data) // 512 or not flags & FAMILY_PRESENT or size != PAYLOAD:
            raise ValueError(f"block {n} does not belong here")
        if flags & ~EXTENSIONS_PRESENT != FAMILY_PRESENT:
            raise ValueError(f"block {n} is not for the flash")
        first = first or address
        if address != first + len(image):
            raise ValueError(f"block {n} leaves a gap")
        families.add(family)
        image += block[32 : 32 + size]
    if len(families) != 1:
        raise ValueError("blocks of more than one family")
    return families.pop(), first, image
