"""A seeded campaign of appends, pulls and power cuts over the journal; runs on CPython and MicroPython alike.

It prints one line of counts that must be the same on both, and raises AssertionError if a durable record is lost.
"""

import sys

for _room in sys.argv[1:]:
    sys.path.insert(0, _room)

from journal_reader import read_all  # noqa: E402
from stackpress_core.log.journal import Journal  # noqa: E402
from stackpress_sim.nor_file import NorFile, PowerCut  # noqa: E402

SECTORS = 6


class Dice:
    """A small generator that draws the same numbers on every interpreter."""

    def __init__(self, seed):
        self._state = seed

    def below(self, n):
        """An integer from 0 to n-1."""
        self._state = (self._state * 1103515245 + 12345) & 0x3FFFFFFF
        return (self._state >> 12) % n


def check(journal, known, durable):
    """Every durable record from the oldest sector on is there, bit for bit; nothing else is but what was appended."""
    got = read_all(journal)
    for seq in got:
        assert seq in known and got[seq][10:-4] == known[seq], seq
    for seq in durable:
        assert seq in got or seq < journal.first_seq, (seq, journal.first_seq)
    kept = journal._last - journal._first + 1 if journal._last >= 0 else 0
    assert kept >= min(journal._last + 1, SECTORS - 1), kept
    return len(got)


def campaign(seed, rounds):
    """Counts after `rounds` of writing into a power cut and mounting again."""
    dice, flash = Dice(seed), NorFile(None, SECTORS * 4096)
    known, durable, read, boots, overwritten = {}, set(), 0, 0, 0
    for _ in range(rounds):
        boots += 1
        flash.cut_after = -1
        journal = Journal(flash, boots, 1024)
        for seq in [s for s in known if s >= journal.next_seq]:
            del known[seq]
            durable.discard(seq)
        read += check(journal, known, durable)
        flash.cut_after = dice.below(9000)
        flash.garbage = dice.below(256) if dice.below(2) else None
        write_until_cut(journal, dice, known, durable)
        overwritten += journal.overwritten_unpulled
    return boots, read, journal.next_seq, overwritten


def write_until_cut(journal, dice, known, durable):
    """Append and service until the power goes."""
    for _ in range(400):
        payload = bytes([dice.below(256)]) * dice.below(200)
        seq = journal.append(1 + dice.below(9), payload)
        if seq > 0:
            known[seq] = payload
        if dice.below(40) == 0:
            after = journal.next_seq
            journal.mark_pulled(after - dice.below(30))
            if journal.next_seq > after:
                known[after] = journal.pulled_seq.to_bytes(4, "little")
        try:
            journal.service(dice.below(4))
        except PowerCut:
            return
        finally:
            durable.update([s for s in known if s < journal.durable_next])


if __name__ == "__main__":
    print(campaign(7, 40), campaign(1234, 40))
