"""The simulated press on a serial device: its process, its bench, and where running ones are found."""
