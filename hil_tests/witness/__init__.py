"""What says the same as our tests without sharing their beliefs: another emulator, and what must be left out of its word."""
