# What is frozen: the generated modules of this image, the pure core, the drivers, the board, and main.py.
freeze("$(BOARD_DIR)/../../../build/images/pico/frozen")
freeze("$(PORT_DIR)/modules", "rp2.py")
