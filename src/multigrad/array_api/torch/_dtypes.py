"""Data types."""

import math

import torch
from torch import (
    bfloat16,
    bool,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)

from multigrad._dtypes import dtype_name
from multigrad.array_api._data_types import DataTypes
from multigrad.array_api._promotion import Promotion

__all__ = [
    "astype",
    "bfloat16",
    "bool",
    "can_cast",
    "complex64",
    "complex128",
    "finfo",
    "float16",
    "float32",
    "float64",
    "iinfo",
    "int8",
    "int16",
    "int32",
    "int64",
    "isdtype",
    "result_type",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]

DTYPES = {
    "bool": bool,
    "int8": int8,
    "int16": int16,
    "int32": int32,
    "int64": int64,
    "uint8": uint8,
    "uint16": uint16,
    "uint32": uint32,
    "uint64": uint64,
    "float16": float16,
    "bfloat16": bfloat16,
    "float32": float32,
    "float64": float64,
    "complex64": complex64,
    "complex128": complex128,
}


def astype(x, dtype, /, *, copy=True, device=None):
    """Cast an array to a dtype; arrays are never changed in place, so no copy is made where none is needed."""
    if not (isinstance(x, torch.Tensor) and isinstance(dtype, torch.dtype)):
        if not isinstance(x, torch.Tensor):
            raise TypeError(f"Expected an array of torch, got {type(x).__name__}.")
        dtype = DTYPES[dtype_name(dtype)]
    if x.dtype.is_complex and not dtype.is_complex:
        x = x.real
    return x.to(dtype=dtype, device=device)


HALF = (float16, bfloat16)
_LARGEST = {dtype: torch.finfo(dtype).max for dtype in (*HALF, float32, complex64)}


def in_range(number, dtype):
    """Return a number as an array of a dtype has it where it is out of its range, infinite: torch refuses it."""
    largest = _LARGEST.get(dtype)
    if largest is None:
        return number
    if isinstance(number, complex):
        return complex(in_range(number.real, float32), in_range(number.imag, float32))
    if number is None or -largest <= number <= largest or number != number:  # noqa: PLR0124 - NaN
        return number
    return math.inf if number > 0 else -math.inf


def _constant(number, array):
    number = in_range(number, array.dtype)
    if array.dtype is float16 or array.dtype is bfloat16:
        # In two steps: inductor does not round what is filled in, and a tie with it would be none (torch 2.13).
        return torch.full((), number, dtype=float32, device=array.device).to(array.dtype)
    return torch.full((), number, dtype=array.dtype, device=array.device)


promotion = Promotion(DTYPES, astype, _constant)
floating = promotion.unary(lambda x: x)  # integers become the default real dtype
_functions = DataTypes(DTYPES)
can_cast, finfo, iinfo = _functions.can_cast, _functions.finfo, _functions.iinfo
isdtype, result_type = _functions.isdtype, _functions.result_type
