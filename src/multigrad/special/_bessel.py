"""Modified Bessel functions of the first kind."""

from __future__ import annotations

from typing import Any

from multigrad.special._calls import call


def i0(x: Any, /) -> Any:
    """Compute the modified Bessel function of order 0, elementwise.

    Parameters
    ----------
    x
        Real array of any shape, or number.

    Returns
    -------
    array
        Same shape and floating dtype, at least 1; inf at both infinities.

    Notes
    -----
    As `scipy.special.i0`. The derivative is i1(x).

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.i0)(1.0)
    array(0.5651591)
    """
    return call("i0", x)


def i1(x: Any, /) -> Any:
    """Compute the modified Bessel function of order 1, elementwise.

    Parameters
    ----------
    x
        Real array of any shape, or number.

    Returns
    -------
    array
        Same shape and floating dtype, odd in x.

    Notes
    -----
    As `scipy.special.i1`. The derivative is (I₀(x) + I₂(x))/2.

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.i1)(0.0)
    array(0.5)
    """
    return call("i1", x)


def i0e(x: Any, /) -> Any:
    """Compute exp(-abs(x)) times the modified Bessel function of order 0, elementwise.

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
    As `scipy.special.i0e`. The derivative is i1e(x) - sign(x)·i0e(x), 0 at the kink at 0.

    Examples
    --------
    >>> import numpy as np
    >>> from multigrad import special
    >>> special.i0e(np.asarray([1000.0]))
    array([0.01261724])
    """
    return call("i0e", x)


def i1e(x: Any, /) -> Any:
    """Compute exp(-abs(x)) times the modified Bessel function of order 1, elementwise.

    Parameters
    ----------
    x
        Real array of any shape, or number.

    Returns
    -------
    array
        Same shape and floating dtype, odd in x.

    Notes
    -----
    As `scipy.special.i1e`. The derivative is (i0e(x) + exp(-abs(x)) I₂(x))/2 - sign(x)·i1e(x).

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.i1e)(0.0)
    array(0.5)
    """
    return call("i1e", x)
