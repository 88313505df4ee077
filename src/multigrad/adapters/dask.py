"""Dask arrays: derivatives that stay lazy and chunked, by the package's own engine."""

from __future__ import annotations

import array_api_compat.dask.array as namespace
import dask.array

from multigrad._array import Array
from multigrad._engine_backend import EngineBackend


class DaskBackend(EngineBackend):
    """Dask's arrays, whose results are graphs of tasks until the user computes them.

    Nothing is computed while f is differentiated, unless f asks for a value (``if x > 0``), or ``take`` for its
    indices.
    """

    def __init__(self) -> None:
        # Chunks are where their arrays are, which Dask does not know before they are computed.
        super().__init__("dask", namespace, dask.array.Array, device_name=lambda device: "cpu")
        self.array_type.__repr__ = _repr  # type: ignore[method-assign]


def _repr(array: Array) -> str:
    return f"Array({array.native!r}, backend='dask')"  # Dask's own text: showing an array must not compute it


backend = DaskBackend()
