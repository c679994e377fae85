"""A web server that is started again if it ends or hangs.

``python -m ae_core.workers.web_server PORT`` is for a container: its engine notices the end of the
process, and not that it hangs.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from ae_core.workers.parts import Part, kept

HEALTH = "/_stcore/health"
ANYWHERE = "0.0.0.0"  # all addresses of this machine


def web_server(
    name: str, port: int, environment: Mapping[str, str], level: str = "warning", address: str = ""
) -> Part:
    """Return a web server as a part that can be kept.

    Args:
        name: its name in the log.
        port: where it answers.
        environment: its environment.
        level: what gets into its log.
        address: the only address that it answers at, "" for all.
    """
    options = [f"--logger.level={level}", f"--server.port={port}"]
    if address:
        options.append(f"--server.address={address}")
    command = (sys.executable, "-m", "streamlit", "run", "app.py", *options)
    return Part(name, command, port, HEALTH, environment)


@contextmanager
def ended_by_signals(ending: threading.Event) -> Iterator[None]:
    """Take Ctrl-C and SIGTERM as the wish to end; a second one ends this process at once."""
    wishes = (signal.SIGINT, signal.SIGTERM)

    def wish(number: int, _: FrameType | None) -> None:
        ending.set()
        signal.signal(number, signal.SIG_DFL)

    former = [signal.signal(each, wish) for each in wishes]
    try:
        yield
    finally:
        for each, handler in zip(wishes, former, strict=True):
            signal.signal(each, handler)


def main(port: int) -> None:
    """Serve on all addresses of this machine until Ctrl-C or SIGTERM."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    ending = threading.Event()
    server = web_server("web server", port, os.environ, address=ANYWHERE)
    with ended_by_signals(ending), kept([server], None, ending):
        ending.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]))
