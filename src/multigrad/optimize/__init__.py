"""SciPy's optimizers on a function of any backend.

SciPy works on one float64 NumPy vector. Here the caller's tree is taken apart into that vector, f and its derivatives
are evaluated on the chosen backend, and the answer is put together again. SciPy is imported when it is called.
"""

from multigrad.optimize._functions import ScipyFunctions, scipy_functions
from multigrad.optimize._minimize import minimize
from multigrad.optimize._systems import least_squares, root

__all__ = ["ScipyFunctions", "least_squares", "minimize", "root", "scipy_functions"]
