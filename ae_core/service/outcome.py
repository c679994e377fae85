"""The outcome of a run, read off its Dask task."""

import logging

from distributed import CancelledError, Future
from distributed.scheduler import KilledWorker

from ae_core.errors import Message, UserError
from ae_core.runs.record import RunOutcome
from ae_core.service.worker import WorkerLost

RESULT_SECONDS = 60  # for the weights of the largest network to arrive

_log = logging.getLogger(__name__)


class AttemptLost(Exception):
    """An attempt at a run came to no end of its own."""

    def __init__(self, how: str) -> None:
        """Lost with its ``worker``, or with the training ``service``."""
        super().__init__(how)
        self.how = how


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
    except UserError as error:
        return RunOutcome("failed", error.message)
    except Exception as error:  # any other is a bug: the log has all of it
        _log.exception("a run failed in its worker")
        kind = type(error).__name__
        return RunOutcome("failed", Message.of("failed", kind=kind, problem=str(error)[:300]))
