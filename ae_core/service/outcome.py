"""The outcome of a run, read off its Dask task."""

import logging

from distributed import CancelledError, Future
from distributed.scheduler import KilledWorker

from ae_core.errors import ImageSetCorrupt, ImageSetUnavailable
from ae_core.runs.record import RunOutcome
from ae_core.service.worker import WorkerLost

RESULT_SECONDS = 60  # for the weights of the largest network to arrive
WORKER_DIED = (
    "The worker process that trained this run died in epoch {epoch} (killed, or out of memory), "
    "as an earlier one had, and the run with it. A smaller network needs less memory: train again."
)
SERVICE_LOST = (
    "The training service went away in epoch {epoch} for the second time, and the run with it. "
    "Train again."
)

_log = logging.getLogger(__name__)


class AttemptLost(Exception):
    """An attempt at a run came to no end of its own."""

    def __init__(self, how: str) -> None:
        """Lost with its ``worker``, or with the training ``service``."""
        super().__init__(how)
        self.how = how


def given_up(how: str, epoch: int) -> RunOutcome:
    """Return the outcome of a run whose last attempt was lost in an epoch."""
    sentence = WORKER_DIED if how == "worker" else SERVICE_LOST
    return RunOutcome("failed", sentence.format(epoch=epoch))


def outcome_of(future: Future) -> RunOutcome:
    """Return the outcome of a run from its Dask task, `ae_core.service.worker.train`, once done.

    Raises:
        AttemptLost: the task came to no end; another attempt may.
    """
    try:
        return future.result(timeout=RESULT_SECONDS)
    except (KilledWorker, WorkerLost):
        raise AttemptLost("worker") from None
    except (CancelledError, TimeoutError, OSError):
        raise AttemptLost("service") from None
    except (ValueError, ImageSetUnavailable, ImageSetCorrupt) as error:
        return RunOutcome("failed", str(error))
    except Exception as error:  # any other is a bug: the log has all of it
        _log.exception("a run failed in its worker")
        return RunOutcome("failed", f"Training failed: {type(error).__name__}: {error}"[:300])
