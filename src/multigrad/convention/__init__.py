"""The derivative convention as data: its rules, and the rows that every backend keeps.

A row says which derivative a function has at a point, and from which rule that follows. The documentation's table is
generated from the rows, and each is tested on every backend.

Examples
--------
>>> import multigrad
>>> from multigrad import convention
>>> row = next(row for row in convention.ROWS if row.function == "sqrt" and row.point == (0.0,))
>>> row.derivative, row.rule, row.reason
((inf,), 4, 'one-sided limit')
>>> multigrad.gradient(lambda x: row.evaluate(multigrad.xp, x))(*row.point)
array(inf)
"""

from multigrad.convention._limits import LIMITS, Limit
from multigrad.convention._measured import MEASURED
from multigrad.convention._row import Row
from multigrad.convention._rows import ROWS
from multigrad.convention._rules import RULES, Rule
from multigrad.convention._table import markdown

__all__ = ["LIMITS", "MEASURED", "ROWS", "RULES", "Limit", "Row", "Rule", "markdown"]
