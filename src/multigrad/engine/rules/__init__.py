"""How each operation is differentiated, as tables: one expression per function and argument.

One module per section of the standard:

- ``SLOPES`` holds elementwise functions by their derivative: ``(xp, out, *args)`` gives d out / d arg, as an array, a
  number, or a pair of a number and an array whose product it is. The pullback of a holomorphic slope s is g·conj(s).
  Most are `multigrad._slope_table`'s, which the frameworks' overrides take as well.
- ``ELEMENTWISE`` holds elementwise functions that are not holomorphic, or cheaper by their pullback: ``(xp, g, out,
  *args)`` gives the cotangent of one argument. As for slopes, it is summed afterwards over what was broadcast.
  ``PRODUCTS`` likewise.
- ``PULLBACKS`` (``LINALG``, ``FFT`` for the extensions) holds everything else: ``(xp, g, out, *args, **options)`` gives
  the cotangent of one argument.
- ``VARIADIC``: functions of any number of arrays; the argument's index gives the expression.
- ``TUPLES``: functions of one array with several results; g and out are tuples, and g has None for a result that
  nothing was computed from.
- ``FLAT`` names functions whose derivative is zero or that have none (rule 3).

An expression also says what the engine keeps for it until the backward pass: nothing of an argument that it does not
read, and of one that it names ``like`` only shape and dtype.

What is missing here is a composition of these, in ``_namespace``, ``_linalg`` and ``_fft`` of the engine. Where a value
decides (kinks, borders of the domain), the number of the convention's rule stands beside the expression.

Where a plain array may stand on the left of a traced one, the expressions call ``xp.multiply`` and the like: an
operator of a plain array need not know traced ones (array-api-strict's raises).
"""

from __future__ import annotations

from multigrad.engine.rules._elementwise import ELEMENTWISE, SLOPES
from multigrad.engine.rules._elementwise import FLAT as _FLAT_ELEMENTWISE
from multigrad.engine.rules._elementwise import PULLBACKS as _CASTS
from multigrad.engine.rules._fft import FFT
from multigrad.engine.rules._linalg import LINALG, PRODUCTS, TUPLES
from multigrad.engine.rules._manipulation import FLAT as _FLAT_MANIPULATION
from multigrad.engine.rules._manipulation import PULLBACKS as _MANIPULATION
from multigrad.engine.rules._manipulation import VARIADIC
from multigrad.engine.rules._statistical import FLAT as _FLAT_STATISTICAL
from multigrad.engine.rules._statistical import PULLBACKS as _STATISTICAL

PULLBACKS = _CASTS | _STATISTICAL | _MANIPULATION
FLAT = _FLAT_ELEMENTWISE | _FLAT_STATISTICAL | _FLAT_MANIPULATION

__all__ = ["ELEMENTWISE", "FFT", "FLAT", "LINALG", "PRODUCTS", "PULLBACKS", "SLOPES", "TUPLES", "VARIADIC"]
