"""What a server hears from the scheduler and from other servers, and what it tells these.

The news are that a worker came, that one went with the runs it had, and that the queue has changed.
They may be missed: whoever hears them looks how things are.
"""

from collections.abc import Callable

from distributed import Client

from ae_core.service.messages import Message, run_of

CHANGED = "ae-queue"  # the topic by which servers tell each other that the queue has changed


class News:
    """Listens at one connection after the other; what is called may not wait: Dask's loop calls."""

    def __init__(self, *, on_change: Callable[[], None], on_loss: Callable[[str], None]) -> None:
        """Hear nothing yet.

        Args:
            on_change: called when there is a new worker, or another server has changed the queue.
            on_loss: called with the key of every training whose worker is gone.
        """
        self._on_change = on_change
        self._on_loss = on_loss
        self._client: Client | None = None

    def listen(self, client: Client) -> None:
        """Hear what this connection tells from now on."""
        if self._client is client:
            return
        self._client = client
        client.subscribe_topic("all", lambda event: self._hear_of_workers(event[1]))
        client.subscribe_topic(CHANGED, lambda event: self._on_change())

    def tell(self) -> None:
        """Let all servers know that the queue has changed, if there is a connection."""
        if self._client is not None:
            self._client.log_event(CHANGED, {})

    def _hear_of_workers(self, message: Message) -> None:
        if message.get("action") == "add-worker":
            self._on_change()
        elif message.get("action") == "remove-worker":
            for key in message["processing-tasks"]:
                if run_of(str(key)):
                    self._on_loss(str(key))
