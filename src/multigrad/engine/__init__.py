"""Reverse-mode differentiation over any array API namespace, the autodiff primitive of the NumPy backend.

``_trace`` records what a function does, ``rules`` says how each operation is differentiated (one expression per
function and argument), ``_backward`` sends cotangents back, ``_namespace`` puts the three behind the names of the
standard. Rules are written in the same traced functions, so derivatives are differentiable again, to any order.

The method is the tape of elementary operations of A. Griewank and A. Walther, *Evaluating Derivatives* (2nd ed., SIAM
2008), section 3.2; nested derivatives are kept apart by one level per running ``vjp``.
"""

from multigrad.engine._backward import vjp
from multigrad.engine._namespace import TracedNamespace
from multigrad.engine._trace import Tracer

__all__ = ["TracedNamespace", "Tracer", "vjp"]
