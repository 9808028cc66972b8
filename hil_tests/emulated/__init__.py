"""Tests of the real image on the emulated chip: `make hil TARGET=emulator`. Minutes each: they are collected only when asked for."""
