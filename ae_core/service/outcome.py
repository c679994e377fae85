"""How a run ended, in a word for the program and a sentence for the visitor."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from distributed import CancelledError, Future
from distributed.scheduler import KilledWorker

from ae_core.errors import ImageSetCorrupt, ImageSetUnavailable
from ae_core.service.worker import WorkerLost

RESULT_SECONDS = 60  # for the weights of the largest network to arrive
WORKER_DIED = (
    "The worker process that trained this run died in epoch {epoch} (killed, or out of memory), "
    "as an earlier one had, and the run with it. A smaller network needs less memory: train again."
)
LOST = (
    "The training service went away in epoch {epoch} for the second time, and the run with it. "
    "Train again."
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ending:
    """The end of a run.

    Attributes:
        status: ``finished``, ``stopped`` or ``failed``.
        reason: a sentence, empty when finished.
        history: the metrics of every epoch, None if only the snapshots know them.
        weights: the bytes of an .npz, None if there are none.
    """

    status: str
    reason: str
    history: tuple[Mapping[str, float], ...] | None = None
    weights: bytes | None = None


class AttemptLost(Exception):
    """An attempt at a run came to no end of its own."""

    def __init__(self, how: str) -> None:
        """Lost with its ``worker``, or with the training ``service``."""
        super().__init__(how)
        self.how = how


def given_up(how: str, epoch: int) -> Ending:
    """Return the end of a run whose last attempt was lost in an epoch."""
    sentence = WORKER_DIED if how == "worker" else LOST
    return Ending("failed", sentence.format(epoch=epoch))


def ending_of(future: Future) -> Ending:
    """Read the end of a run off its Dask task, `ae_core.service.worker.train`, which is done.

    Raises:
        AttemptLost: it came to no end; another attempt may.
    """
    try:
        result = future.result(timeout=RESULT_SECONDS)
    except (KilledWorker, WorkerLost):
        raise AttemptLost("worker") from None
    except (CancelledError, TimeoutError, OSError):
        raise AttemptLost("service") from None
    except (ValueError, ImageSetUnavailable, ImageSetCorrupt) as error:
        return Ending("failed", str(error))
    except Exception as error:  # whatever a worker raised: logged whole, shown in short
        _log.exception("a run failed in its worker")
        return Ending("failed", f"Training failed: {type(error).__name__}: {error}"[:300])
    history = tuple(result["history"])
    weights = result["weights"] if history else None
    return Ending(result["status"], result["reason"], history, weights)
