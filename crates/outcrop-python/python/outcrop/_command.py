"""The command `outcrop`, as the wheel installs it."""

import signal
import sys

from ._outcrop import command


def main() -> int:
    """Runs the command with the arguments of this process and returns its exit status.

    It is the command of the repository without training. Ctrl-C ends it at once, or as it does there.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return command(["outcrop", *sys.argv[1:]])
