"""Raises the number of file descriptors that the server's process may have."""

import logging
import resource

# The web server's own: at the start of the app, no other logger shows what is no warning.
_log = logging.getLogger("uvicorn")

PER_VISITOR = 5  # an open page has 4: its websocket and 3 of its scripts' event loop; files pass by
OWN = 64  # what the server opens for itself: libraries, pipes and sockets to the workers
# macOS says "unlimited" and allows this many.
WHERE_UNLIMITED = 10_240


def raise_descriptor_limit() -> None:
    """Raise the soft limit to the hard one, and log how many visitors that carries.

    The usual soft limit of 1,024 carries 200 open pages: later ones would get an error.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = max(soft, WHERE_UNLIMITED) if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    _log.info("%d file descriptors carry about %d open pages", limit, carried_pages(limit))


def carried_pages(limit: int) -> int:
    """Return about how many open pages a limit of file descriptors carries."""
    return max(0, limit - OWN) // PER_VISITOR
