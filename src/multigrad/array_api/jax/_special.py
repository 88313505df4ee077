"""Special functions on JAX's arrays.

What is not a kernel of JAX's here is a formula, because JAX 0.10.2 loses digits: polygamma below 0, log_ndtr above 5,
erfinv near 1; digamma is NaN at 0.
"""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import jax.scipy.special as jsp

from multigrad.array_api._special import special_functions
from multigrad.array_api._special_formulas import refined_erfinv
from multigrad.array_api.jax import _creation, _elementwise, _overrides, _searching
from multigrad.array_api.jax._dtypes import promotion
from multigrad.array_api.jax._wide import keep_width

_values = SimpleNamespace(abs=jnp.abs, erf=jsp.erf, erfc=jsp.erfc, exp=jnp.exp, where=jnp.where)


def _digamma(x):
    return jnp.where(x == 0, -1 / x, jsp.digamma(x))


def _erfinv(x):
    return refined_erfinv(_values, x, jsp.erfinv(x)) if x.dtype == jnp.float64 else jsp.erfinv(x)


def _ruled(function, slopes, xp):
    return keep_width(jax.jit(_overrides.ruled(function, slopes, xp)))


SPECIAL = special_functions(
    _elementwise,
    {"where": _searching.where, "zeros_like": _creation.zeros_like, "ones_like": _creation.ones_like},
    {
        "digamma": _digamma,
        "erf": jsp.erf,
        "erfc": jsp.erfc,
        "erfinv": _erfinv,
        "gammainc": jsp.gammainc,
        "gammaincc": jsp.gammaincc,
        "gammaln": jsp.gammaln,
        "i0e": jsp.i0e,
        "i1e": jsp.i1e,
        "ndtri": jsp.ndtri,
    },
    _ruled,
    promotion,
)
