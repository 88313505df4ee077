"""Products with a logarithm, in which 0 · log(0) is 0."""

from __future__ import annotations

from typing import Any

from multigrad.special._calls import call


def xlogy(x: Any, y: Any, /) -> Any:
    """Compute x·log(y), 0 where x is 0 and y is no NaN, elementwise.

    Parameters
    ----------
    x, y
        Real arrays of shapes that broadcast, or numbers.

    Returns
    -------
    array
        Common shape and floating dtype.

    Notes
    -----
    As `scipy.special.xlogy`. The derivative is log(y) in x, also at x = 0, and x/y in y, which is 0 where x is 0, also
    at y = 0.

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.xlogy, argnums=1)(0.0, 0.0)
    array(0.)
    """
    return call("xlogy", x, y)


def xlog1py(x: Any, y: Any, /) -> Any:
    """Compute x·log(1 + y), 0 where x is 0 and y is no NaN, elementwise.

    Parameters
    ----------
    x, y
        Real arrays of shapes that broadcast, or numbers.

    Returns
    -------
    array
        Common shape and floating dtype.

    Notes
    -----
    As `scipy.special.xlog1py`. The derivative is log1p(y) in x and x/(1 + y) in y, which is 0 where x is 0.

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.xlog1py, argnums=1)(0.0, -1.0)
    array(0.)
    """
    return call("xlog1py", x, y)


def entr(x: Any, /) -> Any:
    """Compute -x·log(x), 0 at 0 and -inf below, elementwise.

    Parameters
    ----------
    x
        Real array of any shape, or number.

    Returns
    -------
    array
        Same shape and floating dtype, at most 1/e.

    Notes
    -----
    As `scipy.special.entr`. The derivative is -log(x) - 1: inf at 0, NaN below.

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.entr)(1.0)
    array(-1.)
    """
    return call("entr", x)


def rel_entr(x: Any, y: Any, /) -> Any:
    """Compute x·log(x/y), 0 where x is 0 and y ≥ 0, inf outside the domain, elementwise.

    Parameters
    ----------
    x, y
        Real arrays of shapes that broadcast, or numbers.

    Returns
    -------
    array
        Common shape and floating dtype.

    Notes
    -----
    As `scipy.special.rel_entr`. The derivative is log(x) - log(y) + 1 in x and -x/y in y, which is 0 where x is 0.

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.rel_entr)(1.0, 1.0)
    array(1.)
    """
    return call("rel_entr", x, y)
