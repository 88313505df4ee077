"""The logistic function and its relatives."""

from __future__ import annotations

from typing import Any

from multigrad.special._calls import call


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
    As `scipy.special.expit`. Nothing overflows, and the left tail keeps its relative accuracy. The derivative is
    expit(x)·expit(-x).

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.expit)(0.0)
    array(0.25)
    """
    return call("expit", x)


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
    As `scipy.special.log_expit`. Evaluated as min(x, 0) - log1p(exp(-abs(x))), which neither overflows nor cancels. The
    derivative is expit(-x).

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.log_expit)(0.0)
    array(0.5)
    """
    return call("log_expit", x)


def logit(p: Any, /) -> Any:
    """Compute the inverse of the logistic function, log(p/(1 - p)), elementwise.

    Parameters
    ----------
    p
        Real array of any shape, or number, in [0, 1].

    Returns
    -------
    array
        Same shape and floating dtype, -inf at 0, inf at 1, NaN outside.

    Notes
    -----
    As `scipy.special.logit`. Evaluated as log(p) - log1p(-p), and for 1/4 ≤ p ≤ 3/4 as log1p(s) - log1p(-s) with s = 2p
    - 1, which is exact there and keeps the relative accuracy around the zero at 1/2. The derivative is 1/(p(1 - p)),
    inf at 0 and 1.

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.logit)(0.5)
    array(4.)
    """
    return call("logit", p)
