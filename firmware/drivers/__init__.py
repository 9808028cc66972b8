"""Drivers: the only modules that import `machine` or `rp2`. Each gives its chip's datasheet section for what it does."""
