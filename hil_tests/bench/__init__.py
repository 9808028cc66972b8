"""The figures: what the press reaches, judged on the plant's truth, and how fast its tools are. `make bench` runs them all."""
