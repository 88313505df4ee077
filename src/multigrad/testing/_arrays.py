"""Clauses on the members beside ``vjp``: arrays, dtypes and devices, and the optional ones that belong to them."""

from __future__ import annotations

import numpy as np

from multigrad._dtypes import dtype_name
from multigrad._errors import DetachedValueError, DeviceError
from multigrad._protocol import Native, SupportsRecording, SupportsStopGradient
from multigrad.testing._case import Case
from multigrad.testing._clause import clause

_DTYPES = ("bool", "int32", "int64", "float32", "float64", "complex64", "complex128")


@clause(0, "`is_array` tells the backend's arrays, also computed ones, from numbers and containers.")
def arrays_are_recognized(case: Case) -> None:
    x = case.array([1.0, 2.0])
    for array in (x, case.array(1.0), case.xp.sin(x), case.xp.sum(x), case.xp.asarray(1.0), case.array(1, "int64")):
        case.require(case.backend.is_array(array), f"is_array to be True for a {type(array).__name__}")
    for other in (1, 1.0, 1j, True, None, "x", [x], (x,), {"x": x}, object()):
        case.require(not case.backend.is_array(other), f"is_array to be False for a {type(other).__name__}")


@clause(0, "`asarray` and `to_numpy` keep values, shape and dtype; nothing is narrowed.")
def values_survive_conversion(case: Case) -> None:
    for dtype in _DTYPES:
        for source in (np.array([[0, 1, 5]], dtype), np.array(1, dtype), np.zeros((0, 2), dtype), np.ones(1, dtype)[0]):
            array = case.backend.asarray(source)
            case.require(case.backend.is_array(array), f"asarray of {dtype} to give the backend's array")
            case.require(tuple(array.shape) == source.shape, f"asarray to keep the shape {source.shape}")
            case.require(dtype_name(array.dtype) == dtype, f"asarray to keep {dtype}, got {dtype_name(array.dtype)}")
            case.same(array, np.asarray(source), f"to_numpy of {dtype}")
    precise = np.array([1.0 + 2.0**-50])
    case.same(case.backend.asarray(precise), precise, "asarray of 51 bits of float64")


@clause(0, "`asarray` makes a number, or an array of another dtype, an array of the dtype asked for.")
def numbers_become_arrays(case: Case) -> None:
    for dtype in ("float32", "float64", "complex64", "complex128", "int32", "int64"):
        for source in (3, np.array(3.0, "float32"), case.array(3.0)):
            case.same(case.backend.asarray(source, dtype=dtype), np.array(3, dtype), f"asarray with dtype={dtype!r}")


@clause(
    0,
    "Arrays are on one of `devices` and keep values and dtype when moved; an unknown device raises DeviceError.",
)
def devices_are_named(case: Case) -> None:
    devices = case.backend.devices()
    case.require(type(devices) is tuple and len(devices) > 0, f"devices() to be a tuple of names, got {devices!r}")
    before = np.array([1.0, 2.0], "float32")
    for device in devices:
        moved = case.backend.to_device(case.backend.asarray(before), device)
        for array in (moved, case.backend.asarray(before, device=device)):
            found = case.backend.device(array)
            case.require(found == device, f"an array on {device}, got {found}")
            case.same(array, before, f"the array on {device}")
    try:
        case.backend.to_device(case.backend.asarray(before), "abacus:7")
    except DeviceError:
        return
    case.fail("Expected DeviceError for the device 'abacus:7', got an array.")


@clause(
    0,
    "`is_recorded` is True exactly inside the derivative, where `to_numpy` raises DetachedValueError.",
    capability=SupportsRecording,
)
def recording_is_told(case: Case) -> None:
    xp = case.xp
    seen: list[bool] = []
    refused: list[Native] = []

    def f(x):  # type: ignore[no-untyped-def]
        y = xp.multiply(x, x)
        seen.extend((case.backend.is_recorded(x), case.backend.is_recorded(y)))  # type: ignore[attr-defined]
        try:
            case.backend.to_numpy(y)
        except DetachedValueError:
            refused.append(y)
        return y

    x = case.array(3.0)
    case.require(not case.backend.is_recorded(x), "is_recorded to be False outside")  # type: ignore[attr-defined]
    case.gradient(f, x)
    case.require(all(seen), "is_recorded to be True inside")
    case.require(bool(refused), "to_numpy to raise DetachedValueError inside")
    case.require(not case.backend.is_recorded(x), "is_recorded to be False again")  # type: ignore[attr-defined]


@clause(
    0,
    "What passes through `stop_gradient` keeps its value and counts as a constant.",
    capability=SupportsStopGradient,
)
def stopped_values_are_constants(case: Case) -> None:
    xp = case.xp
    stop = case.backend.stop_gradient  # type: ignore[attr-defined]
    x = case.array([1.5, -2.0])
    case.close(stop(x), [1.5, -2.0], "stop_gradient(x)")
    case.close(case.gradient(lambda x: xp.sum(xp.multiply(x, stop(x))), x), [1.5, -2.0], "the gradient of x·stop(x)")
    case.close(case.gradient(lambda x: xp.sum(stop(x)), x), [0.0, 0.0], "the gradient of stop(x)")
