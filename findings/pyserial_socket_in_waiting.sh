#!/bin/sh
# pyserial 3.5, socket:// (an instrument behind a TCP port): in_waiting is 1 as soon as anything is there, not the number of bytes, so
# read_all() and read(in_waiting), with which serial ports are emptied, give one byte and leave the rest for the next answer.
# Seen: 51 bytes sent: in_waiting 1, read_all() 1 byte. Fails if that changes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pyserial==3.5
"$work/venv/bin/python" - <<'PYTHON'
import socket
import sys
import threading

import serial

TOLD = b"STACKPRESS,PRESS\n" * 3
listening = socket.create_server(("127.0.0.1", 0))
sent, done = threading.Event(), threading.Event()


def instrument():
    client, _ = listening.accept()
    client.recv(100)
    client.sendall(TOLD)
    sent.set()
    done.wait(10)
    client.close()


threading.Thread(target=instrument, daemon=True).start()
port = serial.serial_for_url(f"socket://127.0.0.1:{listening.getsockname()[1]}", timeout=2)
port.write(b"*IDN?\n")
sent.wait(10)
first = port.read(1)
waiting, emptied = port.in_waiting, port.read_all()
rest = port.read(len(TOLD) - 1 - len(emptied))
done.set()
print(len(TOLD), "sent, in_waiting", waiting, "read_all", len(emptied), "then", len(rest))
sys.exit(not (waiting == 1 and len(emptied) == 1 and first + emptied + rest == TOLD))
PYTHON
