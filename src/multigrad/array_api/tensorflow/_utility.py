"""Utility functions."""

from types import SimpleNamespace

import tensorflow as tf

from multigrad.array_api import _composed
from multigrad.array_api.tensorflow._dtypes import astype, isdtype
from multigrad.array_api.tensorflow._elementwise import not_equal, subtract
from multigrad.array_api.tensorflow._indexing import getitem
from multigrad.array_api.tensorflow._manipulation import concat
from multigrad.array_api.tensorflow._statistical import reduction_axes

__all__ = ["all", "any", "diff"]


def all(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return tf.reduce_all(astype(x, tf.bool), axis=reduction_axes(axis), keepdims=keepdims)


def any(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return tf.reduce_any(astype(x, tf.bool), axis=reduction_axes(axis), keepdims=keepdims)


_functions = SimpleNamespace(concat=concat, getitem=getitem, isdtype=isdtype, not_equal=not_equal, subtract=subtract)
diff = _composed.bound(_composed.diff, _functions)
