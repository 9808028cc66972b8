"""What a journal gives, record by record; on CPython and on MicroPython."""

from stackpress_core.log import records


def read_all(journal):
    """Every record, as {seq: head, payload and CRC}."""
    buf, out, seq = bytearray(1024), {}, 0
    while True:
        n, seq = journal.read_from(seq, buf)
        if n == 0:
            return out
        at = 0
        while at < n:
            size = buf[at + 1] + records.OVERHEAD_BYTES
            out[int.from_bytes(buf[at + 6 : at + 10], "little")] = bytes(buf[at : at + size])
            at += size
