"""Solving the exercises on a backend, and verifying each gradient three ways."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from multigrad import _registry
from multigrad._computation import floating_name
from multigrad._convert import asarray, to_numpy
from multigrad._transform import value_and_gradient
from multigrad.exercises._problems import EXERCISES, Answer, Exercise, Inputs

# Largest relative difference from the formula: a few roundings of the dtype.
_TOLERANCE = {"float64": 1e-12, "float32": 1e-6, "float16": 1e-2, "bfloat16": 1e-1}
# Relative error of Richardson's central differences in float64 on these functions is about 1e-11.
_DIFFERENCE_TOLERANCE = 1e-8


class Result(NamedTuple):
    """One exercise, solved at one input on one backend.

    Attributes
    ----------
    exercise, inputs
        Which exercise, at which point.
    backend, version, device, dtype
        Where it was solved.
    value, gradient
        What multigrad computed, as Python floats.
    expected
        Value and gradient by formula.
    native
        Value and gradient by the framework's native call, or None for a backend that this package does not bring.
    max_abs_error
        Largest absolute difference from the formula, over value and gradient.
    checks
        The three verifications: ``formula``, ``finite_differences``, ``native``.
    """

    exercise: str
    inputs: Inputs
    backend: str
    version: str
    device: str
    dtype: str
    value: float
    gradient: dict[str, float]
    expected: Answer
    native: Answer | None
    max_abs_error: float
    checks: dict[str, bool]

    @property
    def ok(self) -> bool:
        """Whether every verification agrees."""
        return all(self.checks.values())

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data, as ``multigrad exercises --json`` prints it."""
        value, derivatives = self.expected
        plain = {key: list(v) if isinstance(v, tuple) else v for key, v in self.inputs.items()}
        fields = ("backend", "version", "device", "dtype", "value", "gradient")
        return {
            "exercise": self.exercise,
            "inputs": plain,
            **{field: getattr(self, field) for field in fields},
            "expected": {"value": value, "gradient": derivatives},
            "max_abs_error": self.max_abs_error,
            "checks": self.checks,
            "ok": self.ok,
        }


def run(
    backends: Iterable[str] | None = None,
    *,
    dtype: Any = "float64",
    device: Any = None,
    report: Callable[[str], None] = lambda name: None,
) -> list[Result]:
    """Solve the three exercises, at two inputs each, on several backends.

    Parameters
    ----------
    backends
        Names; None takes every installed one.
    dtype
        Floating dtype to compute in.
    device
        Where to compute; None takes each framework's default device.
    report
        Called with each backend's name before it is loaded.

    Returns
    -------
    list of Result
        One per backend, exercise and input.

    Raises
    ------
    UnknownBackendError, BackendNotInstalledError, BackendBrokenError
        If a backend that was asked for cannot be used.

    Examples
    --------
    >>> from multigrad import exercises
    >>> result = exercises.run(["numpy"])[0]
    >>> result.exercise, result.value, result.gradient
    ('partials', 26.0, {'x': 14.0, 'y': 10.0, 'z': 10.0})
    """
    name = floating_name(dtype) or "float64"
    backends = _installed(report) if backends is None else list(backends)
    results = []
    for backend in backends:
        report(backend)
        results += [
            _solve(exercise, inputs, backend, name, device) for exercise in EXERCISES for inputs in exercise.inputs
        ]
    return results


def _installed(report: Callable[[str], None]) -> list[str]:
    found = []
    for name in _registry.known_names():
        report(name)
        if _registry.backend_info(name).installed:
            found.append(name)
    return found


def _solve(exercise: Exercise, inputs: Inputs, backend: str, dtype: str, device: Any) -> Result:
    _registry.get_backend(backend)  # says at once if it cannot be used
    arrays = {name: np.asarray(v, dtype=np.float64) if isinstance(v, tuple) else v for name, v in inputs.items()}
    solve = value_and_gradient(exercise.function, argnames=exercise.wrt, backend=backend, dtype=dtype, device=device)
    value, derivatives = solve(**arrays)
    found = (_number(value), {name: _number(g) for name, g in derivatives.items()})
    expected = exercise.answer(**inputs)
    native = native_solution(exercise.name, backend, inputs, dtype=dtype, device=device)
    tolerance = _TOLERANCE[dtype]
    checks = {
        "formula": _agree(found, expected, tolerance),
        "finite_differences": _agree(found, _differences(exercise, inputs), max(tolerance, _DIFFERENCE_TOLERANCE)),
        "native": native is None or _agree(found, native, tolerance),
    }
    owner = _registry.get_backend(backend)
    info = _registry.backend_info(backend)
    place = owner.device(value)
    return Result(
        exercise.name,
        inputs,
        backend,
        info.version or "",
        place,
        dtype,
        *found,
        expected,
        native,
        max(_errors(found, expected)),
        checks,
    )


def _number(array: Any) -> float:
    return float(np.asarray(to_numpy(asarray(array, dtype="float32") if _is_bfloat16(array) else array)))


def _is_bfloat16(array: Any) -> bool:
    return "bfloat16" in str(array.dtype)


def _errors(found: Answer, expected: Answer) -> list[float]:
    return [abs(found[0] - expected[0]), *(abs(found[1][name] - expected[1][name]) for name in expected[1])]


def _agree(found: Answer, expected: Answer, tolerance: float) -> bool:
    scales = [abs(expected[0]), *(abs(g) for g in expected[1].values())]
    # A difference that is not a number is no agreement.
    return all(error <= tolerance * scale for error, scale in zip(_errors(found, expected), scales, strict=True))


def _differences(exercise: Exercise, inputs: Inputs) -> Answer:
    """Differentiate the formula's value by Richardson's extrapolated central differences, in float64."""

    def value(**changed: Any) -> float:
        return exercise.answer(**{**inputs, **changed})[0]

    def slope(name: str) -> float:
        x, h = inputs[name], 1e-3
        wide, narrow = ((value(**{name: x + s}) - value(**{name: x - s})) / (2 * s) for s in (h, h / 2))
        return (4 * narrow - wide) / 3

    return value(), {name: slope(name) for name in exercise.wrt}


def native_solution(
    exercise: str, backend: str, inputs: Inputs, *, dtype: str = "float64", device: Any = None
) -> Answer | None:
    """Solve an exercise with the framework's own autodiff, as its documentation teaches it.

    Parameters
    ----------
    exercise
        Name of the exercise.
    backend
        Name of the backend.
    inputs
        The point, by argument name.
    dtype, device
        As for `run`.

    Returns
    -------
    tuple or None
        ``(value, {name: derivative})`` in Python floats; None for a backend without a native solution here.

    Examples
    --------
    >>> from multigrad import exercises
    >>> exercises.native_solution("partials", "numpy", {"x": 1.0, "y": 2.0, "z": 3.0})
    (26.0, {'x': 14.0, 'y': 10.0, 'z': 10.0})
    """
    module = f"multigrad.exercises.native.{backend}"
    if importlib.util.find_spec(module) is None:
        return None
    answer: Answer = getattr(importlib.import_module(module), exercise)(**inputs, dtype=dtype, device=device)
    return answer
