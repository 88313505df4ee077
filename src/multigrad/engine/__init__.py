"""Reverse-mode differentiation over any array API namespace, the autodiff primitive of the NumPy backend.

It stands on its own: it knows no backend and no `multigrad.Array`, only a namespace of the standard (2024.12) and its
arrays. `TracedNamespace(xp)` has the standard's functions over arrays of xp, plain and traced; `vjp` evaluates a
function on traced arrays and returns its pullback, `jvp` pushes tangents forward by the same rules. Both may be nested,
to any order.

>>> import array_api_strict
>>> from multigrad.engine import TracedNamespace, jvp, vjp
>>> xp = TracedNamespace(array_api_strict)
>>> def f(x):
...     return (xp.sum(xp.sin(x) * x[0]),), ()  # two flat tuples: outputs, and what is not differentiated
>>> x = array_api_strict.asarray([1.0, 2.0])
>>> (value,), pullback, _ = vjp(xp, f, (x,))
>>> (gradient,) = pullback((array_api_strict.asarray(1.0),))
>>> value, gradient
(Array(1.75076841, dtype=array_api_strict.float64), Array([ 2.29107072, -0.41614684], dtype=array_api_strict.float64))
>>> _, (slope,), _ = jvp(xp, f, (x,), (array_api_strict.asarray([1.0, 0.0]),))
>>> slope
Array(2.29107072, dtype=array_api_strict.float64)

Inside f, traced arrays have the standard's operators and properties. Values are never written to:
``xp.setitem(x, value, key)`` returns the array that ``x[key] = value`` would leave. A plain array on the left of an
operator must leave the operation to a traced one on the right, as NumPy's does; array-api-strict's raises, and
``xp.multiply(plain, traced)`` serves everywhere.

How it works: ``_trace`` and ``_primitives`` record what a function does, ``rules`` say how each operation is
differentiated (one expression per function and argument; they are the executable form of the derivative convention),
``_backward`` sends cotangents back, ``_namespace`` puts the three behind the names of the standard. Rules are written
in the same traced functions, so that derivatives are differentiable again.

The method is the tape of elementary operations of A. Griewank and A. Walther, *Evaluating Derivatives* (2nd ed., SIAM
2008), section 3.2; nested derivatives are kept apart by one level per running ``vjp``.
"""

from multigrad.engine._backward import vjp
from multigrad.engine._namespace import TracedNamespace
from multigrad.engine._pushforward import jvp
from multigrad.engine._trace import Tracer

__all__ = ["TracedNamespace", "Tracer", "jvp", "vjp"]
