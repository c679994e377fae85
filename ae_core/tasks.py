"""The old name of `ae_core.service.worker`, for workers that are started with ``--preload``.

It goes with the next release.
"""

from ae_core.service.worker import dask_setup

__all__ = ["dask_setup"]
