"""Special functions that the array API standard lacks and models need.

Compositions of `multigrad.xp`, and so differentiable to any order on every backend. Each takes an `Array`, an array of
a framework, a NumPy array or a Python number, and follows the rule of forms of the namespaces: an `Array` gives an
`Array`, a framework's own array its own. Arrays are real; integers become the default real floating-point dtype.

Branches that are not taken are evaluated at a harmless point, so that no NaN of theirs enters a derivative.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from multigrad._convert import stop_gradient
from multigrad.array_api._dispatch import array_namespace, xp

__all__ = ["expit", "log_expit", "log_softmax", "logit", "logsumexp", "softmax"]

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
def expit(x: Any, /) -> Any:
    """Compute the logistic function 1/(1 + exp(-x)), elementwise.

    Parameters
    ----------
    x
        Real array of any shape, or number.

    Returns
    -------
    array
        Same shape and floating dtype, in [0, 1].

    Notes
    -----
    Evaluated as 1/(1 + exp(-x)) for x ≥ 0 and exp(x)/(1 + exp(x)) for x < 0, so that nothing overflows and the left
    tail keeps its relative accuracy. As `scipy.special.expit`. The derivative is expit(x)·expit(-x).

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.expit)(0.0)
    array(0.25)
    """
    x = _floating(x)
    small = xp.exp(_minus_magnitude(x))
    return xp.where(x >= 0, xp.ones_like(x), small) / (1 + small)


@_on_arrays
def log_expit(x: Any, /) -> Any:
    """Compute the logarithm of the logistic function, -log(1 + exp(-x)), elementwise.

    Parameters
    ----------
    x
        Real array of any shape, or number.

    Returns
    -------
    array
        Same shape and floating dtype, at most 0.

    Notes
    -----
    Evaluated as min(x, 0) - log1p(exp(-abs(x))), which neither overflows nor cancels. As `scipy.special.log_expit`.
    The derivative is expit(-x).

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.log_expit)(0.0)
    array(0.5)
    """
    x = _floating(x)
    return xp.where(x >= 0, xp.zeros_like(x), x) - xp.log1p(xp.exp(_minus_magnitude(x)))


def _minus_magnitude(x: Any) -> Any:
    """Return -abs(x) with the slope of a side at 0 too: the functions made of it are smooth there, abs is not."""
    return xp.where(x >= 0, -x, x)


@_on_arrays
def logit(p: Any, /) -> Any:
    """Compute the inverse of the logistic function, log(p/(1 - p)), elementwise.

    Parameters
    ----------
    p
        Real array of any shape, or number, in [0, 1].

    Returns
    -------
    array
        Same shape and floating dtype; -inf at 0, inf at 1, NaN outside [0, 1].

    Notes
    -----
    Evaluated as log(p) - log1p(-p), and for 1/4 ≤ p ≤ 3/4 as log1p(s) - log1p(-s) with s = 2p - 1, which is exact there
    and keeps the relative accuracy around the zero at 1/2. As `scipy.special.logit`. The derivative is 1/(p(1 - p)),
    inf at 0 and 1.

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.logit)(0.5)
    array(4.)
    """
    p = _floating(p)
    middle = (p >= 0.25) & (p <= 0.75)
    s = 2 * xp.where(middle, p, 0.5) - 1
    outer = xp.where(middle, 0.75, p)
    return xp.where(middle, xp.log1p(s) - xp.log1p(-s), xp.log(outer) - xp.log1p(-outer))


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
