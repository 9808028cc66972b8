"""Tests of the real image on the emulated chip: `make hil TARGET=emulator`. Minutes each, so only when asked for."""
