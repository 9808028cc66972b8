#!/bin/sh
# skidl 3.0.0: ERC() of a circuit with two outputs on one net prints its error, returns None, and the script ends with exit code 0.
# So a check of a netlist reads the number of errors from the logger (skidl.logger's erc_logger.error.count), never the return value or the exit.
# Seen: ERC() None, errors 1, exit 0. Fails if that changes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check skidl==3.0.0
cd "$work"
cat > circuit.py <<'PYTHON'
from skidl import ERC, SKIDL, TEMPLATE, Net, Part, Pin
from skidl.logger import active_logger, erc_logger

pin = Pin(num=1, name="OUT", func=Pin.types.OUTPUT)
gate = Part(name="GATE", ref_prefix="U", tool=SKIDL, dest=TEMPLATE, pins=[pin])
shared = Net("SHARED")
shared += gate(tag=1)[1], gate(tag=2)[1]
print("ERC()", ERC(), "errors", erc_logger.error.count)
PYTHON
seen=$(venv/bin/python circuit.py 2>/dev/null) && code=0 || code=$?
printf '%s\nexit %s\n' "$seen" "$code"
[ "$code" = 0 ] && printf '%s' "$seen" | grep -q 'ERC() None errors 1'
