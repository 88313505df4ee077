"""Which operation of a function is to blame for a wrong derivative, or for two backends that differ.

A whole function's gradient says that something is wrong; the recorded computation says where: every node is computed
again alone (`_local`), and its own derivative is held against differences of its own values (`_slopes`, `_examine`), or
against another backend's (`_against`). What cannot be computed alone is computed inside the whole function, with the
values before it held fixed.
"""

from __future__ import annotations

from multigrad._blame._against import localize_against
from multigrad._blame._localization import Culprit, Localization
from multigrad._blame._localize import localize
from multigrad._graph import Source

__all__ = ["Culprit", "Localization", "Source", "localize", "localize_against"]
