"""What asks a board for a new store of documents: a mark at the beginning of its storage, which the image finds at its start.

Erasing the first blocks would not say it: a store of ours whose beginning is gone is damaged, and a damaged store is not touched.
"""

from . import uf2

MARK = b"stackpress: make a new store here\n"  # firmware/drivers/internal_store.py


def with_mark(image: bytes, storage_start: int) -> bytes:
    """The UF2 of an image, and behind it a sector that begins with the mark."""
    family, first, content = uf2.decode(image)
    return uf2.encode_pieces([(first, content), (storage_start, MARK)], family)
