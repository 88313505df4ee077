"""How each operation is differentiated, as tables: one expression per function and argument.

One module per section of the standard:

- ``SLOPES`` holds elementwise functions by their derivative: ``(xp, out, *args)`` gives d out / d arg. The pullback of
  a holomorphic slope s is g·conj(s), summed over what was broadcast.
- ``PULLBACKS`` (``LINALG``, ``FFT`` for the extensions) holds everything else: ``(xp, g, out, *args, **kwargs)`` gives
  the cotangent of one argument.
- ``VARIADIC``: functions of any number of arrays; the argument's index gives the expression.
- ``TUPLES``: functions of one array with several results; g and out are tuples, and g has None for a result that
  nothing was computed from.
- ``FLAT`` names functions whose derivative is zero or that have none (rule 3).

What is missing here is a composition of these, in ``_namespace``, ``_linalg`` and ``_fft`` of the engine. Where a value
decides (kinks, borders of the domain), the number of the convention's rule stands beside the expression.

Where a plain array may stand on the left of a traced one, the expressions call ``xp.multiply`` and the like: an
operator of a plain array need not know traced ones (array-api-strict's raises).
"""

from __future__ import annotations

from multigrad.engine.rules._elementwise import FLAT as _FLAT_ELEMENTWISE
from multigrad.engine.rules._elementwise import PULLBACKS as _ELEMENTWISE
from multigrad.engine.rules._elementwise import SLOPES
from multigrad.engine.rules._fft import FFT
from multigrad.engine.rules._linalg import LINALG, PRODUCTS, TUPLES
from multigrad.engine.rules._manipulation import FLAT as _FLAT_MANIPULATION
from multigrad.engine.rules._manipulation import PULLBACKS as _MANIPULATION
from multigrad.engine.rules._manipulation import VARIADIC
from multigrad.engine.rules._statistical import FLAT as _FLAT_STATISTICAL
from multigrad.engine.rules._statistical import PULLBACKS as _STATISTICAL

PULLBACKS = _ELEMENTWISE | _STATISTICAL | _MANIPULATION | PRODUCTS
FLAT = _FLAT_ELEMENTWISE | _FLAT_STATISTICAL | _FLAT_MANIPULATION

__all__ = ["FFT", "FLAT", "LINALG", "PULLBACKS", "SLOPES", "TUPLES", "VARIADIC"]
