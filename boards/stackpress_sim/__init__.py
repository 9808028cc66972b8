"""The simulated board: what main.py gets in the place of a real one. It runs on MicroPython; the host reads its tables."""
