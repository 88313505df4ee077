"""The standard's inspection API, ``__array_namespace_info__``, for every backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from multigrad import _dtypes
from multigrad._computation import default_dtype
from multigrad.array_api import _data_types

# The standard's dtypes; float16 and bfloat16 are extras of some backends.
_STANDARD = ("bool", *_dtypes.INTEGER, "float32", "float64", *_dtypes.COMPLEX)


class ArrayNamespaceInfo:
    """What a namespace can do.

    Parameters
    ----------
    dtypes
        Standard name to the framework's dtype object.
    device_names
        Function that returns the names of the devices, the default one first.
    data_dependent_shapes
        Whether results may have a shape that depends on values outside compiled code.

    Examples
    --------
    >>> from multigrad.array_api import numpy as xp
    >>> xp.__array_namespace_info__().devices()
    ['cpu']
    """

    def __init__(
        self,
        dtypes: Mapping[str, Any],
        device_names: Callable[[], tuple[str, ...]],
        data_dependent_shapes: bool = True,
    ) -> None:
        self._dtypes = {name: dtypes[name] for name in _STANDARD if name in dtypes}
        self._device_names = device_names
        self._data_dependent_shapes = data_dependent_shapes

    def capabilities(self) -> dict[str, Any]:
        """Return the capabilities: boolean indexing, data-dependent shapes, the largest number of axes."""
        return {
            "boolean indexing": self._data_dependent_shapes,
            "data-dependent shapes": self._data_dependent_shapes,
            "max dimensions": None,
        }

    def default_device(self) -> Any:
        """Return the name of the device of new arrays."""
        return self._device_names()[0]

    def devices(self) -> list[Any]:
        """Return the names of all devices, the default one first."""
        return list(self._device_names())

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """Return the dtypes of arrays made without one, as the running computation sets them."""
        real = default_dtype()
        names = {"real floating": real, "complex floating": _dtypes.complex_of(real)}
        return {kind: self._dtypes[name] for kind, name in {**names, "integral": "int64", "indexing": "int64"}.items()}

    def dtypes(self, *, device: Any = None, kind: str | tuple[str, ...] | None = None) -> dict[str, Any]:
        """Return the dtypes of a kind, or of several, by name.

        Raises
        ------
        ValueError
            If there is no such kind.
        """
        if kind is None:
            return dict(self._dtypes)
        wanted: set[str] = set()
        for one in kind if isinstance(kind, tuple) else (kind,):
            if one not in _data_types.KINDS:
                raise ValueError(f"Expected one of {', '.join(_data_types.KINDS)} for kind=, got {one!r}.")
            wanted.update(_data_types.KINDS[one])
        return {name: dtype for name, dtype in self._dtypes.items() if name in wanted}
