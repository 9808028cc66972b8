"""A cycler's or potentiostat's files and a press's log made one table of one cell, and spectra put to the pressure they saw."""
