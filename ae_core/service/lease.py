"""The thread that renews a scheduler's lease, and does nothing else.

Whatever the dispatcher waits for, other servers see that this scheduler is alive.
"""

import logging
import threading
import weakref

from ae_core.errors import StorageError
from ae_core.service.queue_store import LEASE_SECONDS, QueueStore

RENEW_SECONDS = LEASE_SECONDS / 5  # two renewals may fail before the lease is over
CLOSE_SECONDS = 2.0  # for a renewal that the database keeps waiting

_log = logging.getLogger(__name__)


class Lease:
    """Keeps the lease of a scheduler as long as it has runs and this object is there."""

    def __init__(self, queue: QueueStore) -> None:
        """Renew the lease at once, then every `RENEW_SECONDS`."""
        self._ended = threading.Event()
        weakref.finalize(self, self._ended.set)  # the thread does not hold this object
        self._thread = threading.Thread(
            target=_keep, args=[queue, self._ended], name="ae-lease", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop renewing; the lease itself ends by itself or by `QueueStore.release`."""
        self._ended.set()
        self._thread.join(CLOSE_SECONDS)


def _keep(queue: QueueStore, ended: threading.Event) -> None:
    failing = False
    while True:
        try:
            queue.renew_if_used()
            failing = False
        except StorageError as error:
            if not failing:  # the dispatcher says on the page what is wrong
                _log.warning("the lease cannot be renewed: %s", error)
            failing = True
        if ended.wait(RENEW_SECONDS):
            return
