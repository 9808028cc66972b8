"""UF2: the file that an RP2040's boot drive takes. 512-byte blocks of 256 bytes each, every one with its address and family."""

import struct

FAMILIES = {"rp2040": 0xE48BFF56, "rp2350": 0xE48BFF59}
FLASH = 0x10000000
PAYLOAD = 256
MAGIC = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
FAMILY_PRESENT = 0x2000


def encode(image: bytes, family: int, address: int = FLASH) -> bytes:
    """A raw image as UF2."""
    count = -(-len(image) // PAYLOAD)
    blocks = []
    for n in range(count):
        part = image[n * PAYLOAD : (n + 1) * PAYLOAD].ljust(PAYLOAD, b"\0")
        head = (*MAGIC[:2], FAMILY_PRESENT, address + n * PAYLOAD, PAYLOAD, n, count, family)
        blocks.append(struct.pack("<8I", *head) + part.ljust(476, b"\0") + struct.pack("<I", MAGIC[2]))
    return b"".join(blocks)


def decode(data: bytes) -> tuple[int, int, bytes]:
    """(family, first address, image). Raises ValueError if it is no whole UF2 file of one family without gaps."""
    if not data or len(data) % 512:
        raise ValueError("not whole blocks of 512 bytes")
    image, first, families = b"", 0, set()
    for n in range(len(data) // 512):
        block = data[n * 512 : (n + 1) * 512]
        m0, m1, flags, address, size, number, count, family = struct.unpack_from("<8I", block)
        if (m0, m1) != MAGIC[:2] or struct.unpack_from("<I", block, 508)[0] != MAGIC[2]:
            raise ValueError(f"block {n} is no UF2 block")
        if number != n or count != len(data) // 512 or not flags & FAMILY_PRESENT or size > 476:
            raise ValueError(f"block {n} does not belong here")
        first = first or address
        if address != first + len(image):
            raise ValueError(f"block {n} leaves a gap")
        families.add(family)
        image += block[32 : 32 + size]
    if len(families) != 1:
        raise ValueError("blocks of more than one family")
    return families.pop(), first, image
