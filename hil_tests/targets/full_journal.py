"""A journal chip as a press leaves it that nobody has pulled for long: full, and the next sector costs the oldest records."""

ROOM = 2500  # bytes left in the sector being written: what a start and a part of a run say
BOOT = 1


def full(size: int) -> bytes:
    """`size` bytes of NOR flash, written by the journal itself."""
    from stackpress_core.log import packing, records
    from stackpress_core.log.journal import Journal
    from stackpress_sim.nor_file import NorFile

    chip = NorFile(None, size)
    journal = Journal(chip, BOOT)
    sample = bytes(packing.SIZES[records.SAMPLE])
    last = size // chip.SECTOR - 2  # the one after it is erased already
    while journal._last < last or journal._offset + len(sample) < chip.SECTOR - ROOM:
        journal.append(records.SAMPLE, sample)
        journal.service(4)
    journal.flush()
    memory = bytearray(size)
    chip.read(0, memory)
    return bytes(memory)
