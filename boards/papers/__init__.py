"""What a carrier's data become on paper: README tables, a bill of materials, drawn pages, a KiCad netlist (`make docs`).

Each file is made from boards/*/carrier.toml and boards/data_sheets.toml alone, and the same data give the same bytes.
"""
