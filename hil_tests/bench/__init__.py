"""The figures: what the press reaches on the plant's truth, how fast its tools are. `make bench` runs them all."""
