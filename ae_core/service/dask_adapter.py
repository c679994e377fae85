"""What the service uses of Dask that Dask's documentation does not promise.

An upgrade may take it away: ``tests/test_adapters.py`` then says so.
"""

from typing import Any

from distributed import Client


def forget_events(client: Client, topic: str) -> None:
    """Remove the messages that the scheduler keeps of a topic."""

    def truncate(dask_scheduler: Any) -> None:  # nested, so that Dask sends its code along
        dask_scheduler._broker.truncate(topic)

    client.run_on_scheduler(truncate)
