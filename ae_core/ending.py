"""How a run ended, in a word for the program and a sentence for the visitor."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from distributed import CancelledError, Future
from distributed.scheduler import KilledWorker

from ae_core.data import ImageSetCorrupt, ImageSetUnavailable
from ae_core.tasks import WorkerLost

RESULT_SECONDS = 60  # for the weights of the largest network to arrive
WORKER_DIED = (
    "The worker process that trained this run died in epoch {epoch} (killed, or out of memory), "
    "and the run with it. A new worker is starting: train again."
)
LOST = "The connection to the training service was lost in epoch {epoch}. Train again."

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


def ending_of(future: Future, epoch: int) -> Ending:
    """Read the end of a run off its Dask task, which is done.

    Args:
        future: of `ae_core.tasks.train`.
        epoch: the one under way, for the sentence.
    """
    try:
        result = future.result(timeout=RESULT_SECONDS)
    except (KilledWorker, WorkerLost):
        return Ending("failed", WORKER_DIED.format(epoch=epoch))
    except (CancelledError, TimeoutError, OSError):
        return Ending("failed", LOST.format(epoch=epoch))
    except (ValueError, ImageSetUnavailable, ImageSetCorrupt) as error:
        return Ending("failed", str(error))
    except Exception as error:  # whatever a worker raised: logged whole, shown in short
        _log.exception("a run failed in its worker")
        return Ending("failed", f"Training failed: {type(error).__name__}: {error}"[:300])
    history = tuple(result["history"])
    weights = result["weights"] if history else None
    return Ending(result["status"], result["reason"], history, weights)
