# What is frozen: what boards/images/frozen.py has collected, and MicroPython's own rp2 module.
freeze("$(BOARD_DIR)/../frozen")
freeze("$(PORT_DIR)/modules", "rp2.py")
