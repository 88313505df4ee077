"""The three exercises of an autodiff course: the front door of multigrad.

Each is a function written once against the array API standard, with its derivatives by formula beside it. `run` solves
them on any backend and verifies every gradient three ways: against the formula, against finite differences, and against
the framework's native call.

Examples
--------
>>> import multigrad
>>> from multigrad import exercises
>>> multigrad.gradient(exercises.partials, argnums=(0, 1, 2))(1.0, 2.0, 3.0)
(array(14.), array(10.), array(10.))
>>> [result.ok for result in exercises.run(["numpy"])]
[True, True, True, True, True, True]
"""

from multigrad.exercises._problems import EXERCISES, Exercise, chain_rule, linear_mse, partials
from multigrad.exercises._run import Result, native_solution, run

__all__ = ["EXERCISES", "Exercise", "Result", "chain_rule", "linear_mse", "native_solution", "partials", "run"]
