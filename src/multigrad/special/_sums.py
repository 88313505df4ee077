"""Reductions of exponentials, as compositions of `multigrad.xp`.

Branches that are not taken are evaluated at a harmless point, so that no NaN of theirs enters a derivative.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from multigrad._convert import stop_gradient
from multigrad.array_api._dispatch import array_namespace, xp

Axis = int | Sequence[int] | None


def _on_arrays(formula: Callable[..., Any]) -> Callable[..., Any]:
    """Let a formula for an `Array` take a number or an array in any form; a native array gives a native one."""

    @functools.wraps(formula)
    def call(x: Any, /, *args: Any, **kwargs: Any) -> Any:
        result = formula(array_namespace(x).asarray(x), *args, **kwargs)
        return result.native if type(result)._is_native(x) else result

    return call


def _floating(x: Any) -> Any:
    """Return x with integers as the default real dtype."""
    return x if xp.isdtype(x.dtype, "real floating") else x * 1.0


@_on_arrays
def logsumexp(x: Any, /, axis: Axis = None, keepdims: bool = False) -> Any:
    """Compute log Σ exp(x) over one or more axes.

    Parameters
    ----------
    x
        Real array; entries may be -inf.
    axis
        Axis or axes to sum over; None for all.
    keepdims
        Whether the reduced axes stay with length 1.

    Returns
    -------
    array
        Floating dtype of x, shape of x without the axes; -inf where all entries are -inf, inf where one is inf.

    Notes
    -----
    With m = max(x), taken k times: m + log(k) + log1p(Σ exp(x - m)/k over the others), which neither overflows nor
    loses small terms beside a large one (P. Blanchard, D. J. Higham, N. J. Higham, IMA J. Numer. Anal. 41, 2021, 2311).
    As `scipy.special.logsumexp`. The gradient is softmax(x), 0 where all entries are -inf, NaN where one is inf.

    Examples
    --------
    >>> import numpy as np
    >>> from multigrad import gradient, special
    >>> gradient(special.logsumexp)(np.array([700.0, 700.0]))
    array([0.5, 0.5])
    """
    x = _floating(x)
    shift, logarithm = _log_sum(x, axis)
    result = xp.where(shift == -xp.inf, shift, logarithm + _finite(shift))
    if keepdims:
        return result
    return xp.squeeze(result, axis=_axes(x, axis))


@_on_arrays
def softmax(x: Any, /, axis: Axis = -1) -> Any:
    """Compute exp(x)/Σ exp(x) over one or more axes.

    Parameters
    ----------
    x
        Real array; entries may be -inf.
    axis
        Axis or axes that sum to one; None for all.

    Returns
    -------
    array
        Shape and floating dtype of x; NaN along an axis of only -inf, or with an inf.

    Notes
    -----
    The maximum is subtracted first. As `scipy.special.softmax`, whose default axis is None. The Jacobian is
    diag(s) - s sᵀ.

    Examples
    --------
    >>> import numpy as np
    >>> from multigrad import special
    >>> special.softmax(np.array([[1.0, 1.0], [0.0, -np.inf]]))
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    x = _floating(x)
    terms = xp.exp(x - _maximum(x, axis))
    return terms / xp.sum(terms, axis=_axes(x, axis), keepdims=True)


@_on_arrays
def log_softmax(x: Any, /, axis: Axis = -1) -> Any:
    """Compute the logarithm of softmax, x - logsumexp(x), over one or more axes.

    Parameters
    ----------
    x
        Real array; entries may be -inf.
    axis
        Axis or axes whose exponentials sum to one; None for all.

    Returns
    -------
    array
        Shape and floating dtype of x, at most 0; NaN along an axis of only -inf, or with an inf.

    Notes
    -----
    The maximum is subtracted first, and the logarithm of the sum is that of `logsumexp`. As
    `scipy.special.log_softmax`, whose default axis is None. Row i of the Jacobian is eᵢ - softmax(x).

    Examples
    --------
    >>> import numpy as np
    >>> from multigrad import special
    >>> special.log_softmax(np.array([1000.0, 0.0]))
    array([    0., -1000.])
    """
    x = _floating(x)
    shift, logarithm = _log_sum(x, axis)
    return (x - shift) - logarithm


def _axes(x: Any, axis: Axis) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(x.ndim))
    return (axis,) if isinstance(axis, int) else tuple(axis)


def _maximum(x: Any, axis: Axis) -> Any:
    """Return the maximum with kept axes, as a constant: what is shifted by it and back does not depend on it."""
    return xp.max(stop_gradient(x), axis=_axes(x, axis), keepdims=True)


def _finite(shift: Any) -> Any:
    return xp.where(xp.isfinite(shift), shift, xp.zeros_like(shift))


def _log_sum(x: Any, axis: Axis) -> tuple[Any, Any]:
    """Return the maximum m and log Σ exp(x - m), both with kept axes; the logarithm is log(n) where all are -inf."""
    axes, shift = _axes(x, axis), _maximum(x, axis)
    # inf - inf would be NaN. Where all entries are -inf, constants replace them: their slope is 0.
    centred = xp.where(shift == -xp.inf, xp.zeros_like(x), x - _finite(shift))
    at_top = stop_gradient(centred) == xp.max(stop_gradient(centred), axis=axes, keepdims=True)
    # 0 in value and 1 in slope for the k largest, which are counted apart.
    terms = xp.where(at_top, xp.expm1(centred), xp.exp(centred))
    count = xp.sum(xp.astype(at_top, x.dtype), axis=axes, keepdims=True)
    count = xp.where(count == 0, xp.ones_like(count), count)  # a NaN equals nothing; it is in the terms
    return shift, xp.log(count) + xp.log1p(xp.sum(terms, axis=axes, keepdims=True) / count)
