"""Hashes that tell one version of firmware, configuration or program from another: the first 8 bytes of a SHA-256."""

import binascii
import hashlib


def digest(data):
    return hashlib.sha256(data).digest()[:8]


def release(version, board):
    """What runs, in one word: version, commit and content, as in `0.1.0+g1a2b3c4d5e6f.h0123456789abcdef`."""
    return "%s+g%s.h%s" % (version, board.git, binascii.hexlify(board.firmware_hash()).decode())
