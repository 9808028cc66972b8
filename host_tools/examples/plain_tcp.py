"""A press over plain TCP, as LabVIEW, MATLAB or any other language would talk to it: a line out, a line in.

    stackpress serve --scpi-may-operate        # on the computer that has the press
    python plain_tcp.py 127.0.0.1 5025

`VISA Open` with TCPIP::127.0.0.1::5025::SOCKET, termination character LF, is the same in LabVIEW.
"""

import socket
import sys


def main(host: str, port: int) -> None:
    with socket.create_connection((host, port), timeout=5.0) as line, line.makefile("rw", newline="\n") as press:

        def ask(question: str) -> str:
            press.write(question + "\n")
            press.flush()
            return press.readline().rstrip("\n")

        print(ask("*IDN?"))
        print("force / N:", ask("MEAS:FORC? N"))
        print("state:", ask("CYCL:STAT?"))
        print("errors:", ask("SYST:ERR?"))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
