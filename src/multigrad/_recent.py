"""What was used last: a cache that forgets the rest, for code that costs much to make and little to keep."""

from __future__ import annotations

import collections
import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

_Value = TypeVar("_Value")


class Recent(Generic[_Value]):
    """At most so many values by their keys, the least recently used forgotten first; threads may share it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: collections.OrderedDict[Hashable, _Value] = collections.OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> _Value | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: Hashable, value: _Value) -> None:
        with self._lock:
            self._kept[key] = value
            if len(self._kept) > self._limit:
                self._kept.popitem(last=False)
