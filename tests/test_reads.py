"""What a function reads besides its arguments: the quick answer must never say "nothing" wrongly."""

import functools
import math
import types

import numpy as np
import pytest

import multigrad
from multigrad import exercises, xp
from multigrad._reads import SelfContained

WEIGHT = np.asarray(2.0)
FACTOR = 2.0


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


def test_a_global_counts_unless_it_is_a_number():
    assert not SelfContained(lambda x: WEIGHT * x)
    assert SelfContained(lambda x: FACTOR * x)


def _layer(x):
    return xp.sin(x) * FACTOR


def _weighted(x):
    return WEIGHT * x


def _again(x):
    return x if x.ndim == 0 else _again(x[0]) + _layer(x[1])


def test_functions_that_a_function_calls_are_looked_into():
    assert SelfContained(lambda x: _layer(x))
    assert SelfContained(lambda x: _again(x))
    assert not SelfContained(lambda x: _weighted(x))


def test_a_chain_of_functions_has_an_end():
    functions = {}
    for k in range(12):
        called = f"f{k + 1}" if k < 11 else "abs"
        functions[f"f{k}"] = eval(f"lambda x: {called}(x)", functions)
    assert SelfContained(functions["f4"])
    assert not SelfContained(functions["f3"])


def test_what_a_called_function_holds_counts():
    weight = np.asarray(3.0)

    def closed(x):
        return weight * x

    def plain(x):
        return x

    def attributed(x):
        return x

    attributed.weight = weight
    assert SelfContained(_with_globals(lambda x: layer(x), layer=plain))  # noqa: F821
    assert not SelfContained(_with_globals(lambda x: layer(x), layer=closed))  # noqa: F821
    assert not SelfContained(_with_globals(lambda x: layer(x) * layer.weight, layer=attributed))  # noqa: F821
    assert not SelfContained(_with_globals(lambda x: layer(x), layer=functools.lru_cache(plain)))  # noqa: F821


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
