"""Ends processes with the one that started them, even if that is killed: a process of its own.

It reads ids of processes from its standard input, a line each, with a minus where one has ended;
each leads a session of its own. When that input ends, it ends them.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable

SECONDS = 15.0  # that a process may take to end: servers store runs first


def end(pids: Iterable[int]) -> None:
    """Ask the sessions of these processes to end, and kill those that do not."""
    left = {pid for pid in pids if _sent(pid, signal.SIGTERM)}
    until = time.monotonic() + SECONDS
    while left and time.monotonic() < until:
        time.sleep(0.05)
        left = {pid for pid in left if _sent(pid, 0)}
    for pid in left:
        _sent(pid, signal.SIGKILL)


def _sent(pid: int, what: int) -> bool:
    """Send a signal to a session, 0 for none; return whether there is still such a session."""
    try:
        os.killpg(pid, what)
    except (ProcessLookupError, PermissionError):  # macOS refuses where all of it has ended
        return False
    return True


def main() -> None:
    """Read ids until the input ends, and then end their processes."""
    kept: set[int] = set()
    for line in sys.stdin:
        number = int(line)
        if number > 0:
            kept.add(number)
        else:
            kept.discard(-number)
    end(kept)


if __name__ == "__main__":
    main()
