"""The error function and the normal distribution."""

from __future__ import annotations

from typing import Any

from multigrad.special._calls import call


def erf(x: Any, /) -> Any:
    """Compute the error function, 2/√π ∫₀ˣ exp(-t²) dt, elementwise.

    Parameters
    ----------
    x
        Real array of any shape, or number.

    Returns
    -------
    array
        Same shape and floating dtype, in [-1, 1].

    Notes
    -----
    As `scipy.special.erf`. The derivative is 2/√π exp(-x²).

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.erf)(0.0)
    array(1.12837917)
    """
    return call("erf", x)


def erfc(x: Any, /) -> Any:
    """Compute the complementary error function 1 - erf(x), without losing the right tail, elementwise.

    Parameters
    ----------
    x
        Real array of any shape, or number.

    Returns
    -------
    array
        Same shape and floating dtype, in [0, 2].

    Notes
    -----
    As `scipy.special.erfc`. The derivative is -2/√π exp(-x²).

    Examples
    --------
    >>> import numpy as np
    >>> from multigrad import special
    >>> special.erfc(np.asarray([5.0]))
    array([1.53745979e-12])
    """
    return call("erfc", x)


def erfinv(x: Any, /) -> Any:
    """Compute the inverse of the error function, elementwise.

    Parameters
    ----------
    x
        Real array of any shape, or number, in [-1, 1].

    Returns
    -------
    array
        Same shape and floating dtype, -inf at -1, inf at 1, NaN outside.

    Notes
    -----
    As `scipy.special.erfinv`. The derivative is √π/2 exp(y²) at the result y, inf at -1 and 1.

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.erfinv)(0.0)
    array(0.88622693)
    """
    return call("erfinv", x)


def ndtr(x: Any, /) -> Any:
    """Compute the distribution function of the standard normal distribution, elementwise.

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
    As `scipy.special.ndtr`. The derivative is the density exp(-x²/2)/√(2π).

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.ndtr)(0.0)
    array(0.39894228)
    """
    return call("ndtr", x)


def log_ndtr(x: Any, /) -> Any:
    """Compute the logarithm of the normal distribution function, without underflow, elementwise.

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
    As `scipy.special.log_ndtr`. Below -5 by the continued fraction of the tail, which has the derivatives too. The
    derivative is the density divided by the distribution function.

    Examples
    --------
    >>> import numpy as np
    >>> from multigrad import special
    >>> special.log_ndtr(np.asarray([-1000.0]))
    array([-500007.82669481])
    """
    return call("log_ndtr", x)


def ndtri(p: Any, /) -> Any:
    """Compute the quantile of the standard normal distribution, the inverse of `ndtr`, elementwise.

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
    As `scipy.special.ndtri`. The derivative is √(2π) exp(z²/2) at the result z, inf at 0 and 1.

    Examples
    --------
    >>> from multigrad import gradient, special
    >>> gradient(special.ndtri)(0.5)
    array(2.50662827)
    """
    return call("ndtri", p)
