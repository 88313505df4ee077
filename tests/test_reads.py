"""What a function reads besides its arguments: the quick answer must never say "nothing" wrongly."""

import functools
import math
import types

import numpy as np
import pytest

import multigrad
from multigrad import exercises, xp
from multigrad._reads import SelfContained

WEIGHT = 2.0


def _with_globals(f, **names):
    """Return f reading these globals, as a function of another module would."""
    return types.FunctionType(f.__code__, {"xp": xp, "np": np, "math": math, **names})


@pytest.mark.parametrize(
    "f", [exercises.partials, exercises.linear_mse, exercises.chain_rule, lambda x: np.sin(x) + abs(x)]
)
def test_functions_of_arguments_and_libraries_are_self_contained(f):
    assert SelfContained(f)


def test_a_comprehension_and_an_inner_function_are_looked_into():
    assert SelfContained(lambda xs: sum([xp.sin(x) for x in xs]))
    assert not SelfContained(lambda xs: sum([WEIGHT * x for x in xs]))
    assert not SelfContained(lambda x: list(map(lambda y: WEIGHT * y, x)))  # noqa: C417 - an inner function is meant


def test_a_global_counts_whatever_it_holds():
    assert not SelfContained(lambda x: WEIGHT * x)
    assert not SelfContained(_with_globals(lambda x: layer(x), layer=lambda x: x))  # noqa: F821


def test_a_closure_counts():
    weight = 3.0
    assert not SelfContained(lambda x: weight * x)


def test_default_values_count():
    assert not SelfContained(lambda x, weight=3.0: weight * x)
    assert not SelfContained(lambda x, *, weight=3.0: weight * x)


@pytest.mark.parametrize(
    "source", ["globals()['WEIGHT'] * x", "eval('WEIGHT') * x", "getattr(xp, 'sin')(x)", "__import__('os')"]
)
def test_doors_to_anything_count(source):
    assert not SelfContained(eval(f"lambda x: {source}", {"xp": xp}))


def test_an_import_counts():
    def f(x):
        import math as weights

        return weights.pi * x

    assert not SelfContained(f)


def test_objects_with_state_count():
    class Model:
        def __call__(self, x):
            return x

        def method(self, x):
            return x

    assert not SelfContained(Model())
    assert not SelfContained(Model().method)
    assert not SelfContained(functools.partial(exercises.chain_rule))
    assert not SelfContained(np.sin)


def test_the_answer_follows_a_global_that_is_bound_anew():
    f = _with_globals(lambda x: layer(x) * scale, scale=math)  # noqa: F821
    answer = SelfContained(f)
    assert answer
    f.__globals__["layer"] = lambda x: WEIGHT * x
    assert not answer


@pytest.mark.needs("torch")
def test_a_global_parameter_keeps_its_graph_on_torch():
    import torch

    f = _with_globals(lambda x: weight * x**2, weight=torch.tensor(3.0, requires_grad=True))  # noqa: F821
    slope = multigrad.gradient(f)(torch.tensor(2.0))
    slope.backward()
    assert f.__globals__["weight"].grad.item() == 4.0


@pytest.mark.needs("torch")
def test_another_argument_that_requires_grad_keeps_its_graph_on_torch():
    import torch

    weight = torch.tensor(3.0, requires_grad=True)
    multigrad.gradient(lambda x, w: w * x**2)(torch.tensor(2.0), weight).backward()
    assert weight.grad.item() == 4.0
