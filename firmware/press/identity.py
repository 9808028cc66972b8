"""Hashes that tell one version of firmware, configuration or program from another: the first 8 bytes of a SHA-256."""

import hashlib


def digest(data):
    return hashlib.sha256(data).digest()[:8]
