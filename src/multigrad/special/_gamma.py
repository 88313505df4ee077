"""The gamma function and its relatives."""

from __future__ import annotations

from typing import Any

from multigrad.special._calls import call


def gammaln(x: Any, /) -> Any:
    """Compute log(abs(Γ(x))), elementwise.

    Parameters
    ----------
    x
        Real array of any shape, or number.

    Returns
    -------
    array
        Same shape and floating dtype, inf at 0, -1, -2, ... and at both infinities.

    Notes
    -----
    As `scipy.special.gammaln`. The derivative is digamma(x).

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.gammaln)(1.0)
    array(-0.57721566)
    """
    return call("gammaln", x)


def digamma(x: Any, /) -> Any:
    """Compute the digamma function, the derivative of `gammaln`, elementwise.

    Parameters
    ----------
    x
        Real array of any shape, or number.

    Returns
    -------
    array
        Same shape and floating dtype, -inf at 0, inf at -0, NaN at -1, -2, ....

    Notes
    -----
    As `scipy.special.digamma`. The derivative is polygamma(1, x).

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.digamma)(1.0)
    array(1.64493407)
    """
    return call("digamma", x)


def beta(a: Any, b: Any, /) -> Any:
    """Compute the beta function Γ(a)Γ(b)/Γ(a + b), elementwise.

    Parameters
    ----------
    a, b
        Real arrays of shapes that broadcast, or numbers.

    Returns
    -------
    array
        Common shape and floating dtype.

    Notes
    -----
    As `scipy.special.beta`. The exponential of `betaln`, with the sign. The derivative in a is beta(a, b)(digamma(a) -
    digamma(a + b)).

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.beta)(1.0, 1.0)
    array(-1.)
    """
    return call("beta", a, b)


def betaln(a: Any, b: Any, /) -> Any:
    """Compute log(abs(beta(a, b))), elementwise.

    Parameters
    ----------
    a, b
        Real arrays of shapes that broadcast, or numbers.

    Returns
    -------
    array
        Common shape and floating dtype.

    Notes
    -----
    As `scipy.special.betaln`. Where an argument is 10 or more by Stirling's formula, so that no large numbers are taken
    from each other (A. R. DiDonato, A. H. Morris, ACM TOMS 18, 1992, 360). The derivative in a is digamma(a) -
    digamma(a + b).

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.betaln)(1.0, 1.0)
    array(-1.)
    """
    return call("betaln", a, b)


def gammainc(a: Any, x: Any, /) -> Any:
    """Compute the regularized lower incomplete gamma function P(a, x), elementwise.

    Parameters
    ----------
    a, x
        Real arrays of shapes that broadcast, or numbers, at least 0.

    Returns
    -------
    array
        Common shape and floating dtype, in [0, 1].

    Notes
    -----
    As `scipy.special.gammainc`. The derivative in x is the density x^(a - 1) exp(-x)/Γ(a). In a it raises
    NotImplementedError.

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.gammainc, argnums=1)(1.0, 0.0)
    array(1.)
    """
    return call("gammainc", a, x)


def gammaincc(a: Any, x: Any, /) -> Any:
    """Compute the regularized upper incomplete gamma function 1 - P(a, x), elementwise.

    Parameters
    ----------
    a, x
        Real arrays of shapes that broadcast, or numbers, at least 0.

    Returns
    -------
    array
        Common shape and floating dtype, in [0, 1].

    Notes
    -----
    As `scipy.special.gammaincc`. The derivative in x is -x^(a - 1) exp(-x)/Γ(a). In a it raises NotImplementedError.

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.gammaincc, argnums=1)(1.0, 0.0)
    array(-1.)
    """
    return call("gammaincc", a, x)


def polygamma(n: int, x: Any, /) -> Any:
    """Compute the polygamma function, the derivative of order n of `digamma`, elementwise.

    Parameters
    ----------
    n
        Order, a Python int of at least 0.
    x
        Real array of any shape, or number.

    Returns
    -------
    array
        Same shape and floating dtype; infinite at 0 and, for n > 0, at -1, -2, ...

    Raises
    ------
    ValueError
        If n is no int, or negative.

    Notes
    -----
    As `scipy.special.polygamma`. A composition: the Hurwitz zeta function by the formula of Euler and Maclaurin, below
    0 by reflection. The derivative is polygamma(n + 1, x).

    Examples
    --------
    >>> import numpy as np
    >>> from multigrad import special
    >>> special.polygamma(1, np.asarray([1.0]))
    array([1.64493407])
    """
    if not isinstance(n, int) or isinstance(n, bool) or n < 0:
        raise ValueError(f"Expected an order n of at least 0 as a Python int, got {n!r}.")
    return call("polygamma", n, x)
