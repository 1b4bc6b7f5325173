#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""terminal.py COMMAND...: run a command in a pseudo-terminal of 80 by 24, press 'q' until it ends, and print what it wrote to stderr."""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    modes = termios.tcgetattr(0)
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(0, termios.TCSANOW, modes)
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
pressed = time.monotonic()
while True:
    try:
        # A command that has begun; one that draws all the time is never idle.
        if seen and time.monotonic() - pressed > 0.2:
            os.write(terminal, b"q")
            pressed = time.monotonic()
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    seen += part
sys.stderr.write(seen.decode("utf-8", "replace").replace("\r\n", "\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
