"""The old name of `ae_core.service.worker`, for workers that are started with ``--preload``.

The next release removes it.
"""

from ae_core.service.worker import dask_setup

__all__ = ["dask_setup"]
