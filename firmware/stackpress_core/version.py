"""The firmware's version; the host tool and the image carry the same."""

VERSION = "0.1.0"
