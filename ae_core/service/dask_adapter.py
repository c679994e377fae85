"""The undocumented parts of Dask that the service uses.

An upgrade may remove them; ``tests/test_adapters.py`` then fails.
"""

from typing import Any

from distributed import Client


def forget_events(client: Client, topic: str) -> None:
    """Remove the messages of a topic from the scheduler."""

    def truncate(dask_scheduler: Any) -> None:  # nested, so that Dask sends its code
        dask_scheduler._broker.truncate(topic)

    client.run_on_scheduler(truncate)
