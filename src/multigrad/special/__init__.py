"""Special functions that the array API standard lacks and models need.

Each takes an `Array`, an array of a framework, a NumPy array or a Python number, and follows the rule of forms of the
namespaces: an `Array` gives an `Array`, a framework's own array its own. Arrays are real; integers become the default
real floating-point dtype, and two arrays are promoted to a common one.

Elementwise functions have the framework's own kernel as their value where it is exact (on NumPy SciPy's, which must be
installed for them), else a formula; their derivatives come from one table and are the same on every backend, to any
order and in every mode. The reductions are compositions of `multigrad.xp`.
"""

from multigrad.special._bessel import i0, i0e, i1, i1e
from multigrad.special._entropies import entr, rel_entr, xlog1py, xlogy
from multigrad.special._error_functions import erf, erfc, erfinv, log_ndtr, ndtr, ndtri
from multigrad.special._gamma import beta, betaln, digamma, gammainc, gammaincc, gammaln, polygamma
from multigrad.special._logistic import expit, log_expit, logit
from multigrad.special._sums import log_softmax, logsumexp, softmax

__all__ = [
    "beta",
    "betaln",
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfinv",
    "expit",
    "gammainc",
    "gammaincc",
    "gammaln",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "log_expit",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "ndtr",
    "ndtri",
    "polygamma",
    "rel_entr",
    "softmax",
    "xlog1py",
    "xlogy",
]
