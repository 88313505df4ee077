"""array-api-strict: derivatives of functions that must keep to the standard, by the package's own engine.

Its arrays refuse what the standard leaves open, so that a library's author sees with one gradient whether a function is
portable.
"""

from __future__ import annotations

from typing import Any

import array_api_strict

from multigrad._engine_backend import EngineBackend


def _device_name(device: Any) -> str:
    name = repr(device).removeprefix("array_api_strict.Device('").removesuffix("')")
    return "cpu" if name == "CPU_DEVICE" else name


backend = EngineBackend("array_api_strict", array_api_strict, type(array_api_strict.asarray(0.0)), _device_name)
