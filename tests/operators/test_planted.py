"""Plausible bugs in each native route, planted one at a time: the checks of this folder must notice each."""

import pytest

import multigrad
from multigrad import _registry

from .checks import CHECKS, How
from .routes import METHODS, Copy, in_place_of, with_pullbacks
from .rules import RULE_CHECKS
from .scenarios import BY_NAME

BY_ID = {check.id: check for check in CHECKS}
RULES = {f"{family} {check.__name__}": (family, check) for family, check in RULE_CHECKS}


def conj(backend, arrays):
    return tuple(backend.xp.conj(x) for x in arrays)


def stopped(backend, arrays):
    return tuple(backend.stop_gradient(x) for x in arrays)


def rotated(arrays):
    return (*arrays[1:], *arrays[:1])


def on_tangents(change):
    """Return a jvp whose tangents of the outputs are changed."""

    def broken(backend, right):
        def jvp(f, primals, tangents):
            outputs, found, aux = right(f, primals, tangents)
            return outputs, change(backend, found), aux

        return jvp

    return broken


def on_products(change):
    """Return a gradient_pullback whose pullback is changed."""

    def broken(backend, right):
        def gradient_pullback(f, primals, *, reusable=True, closed=False):
            return change(backend, right(f, primals, reusable=reusable, closed=closed))

        return gradient_pullback

    return broken


def with_rotated_tangents(rule):
    def changed(primals, tangents):
        outputs, found = rule(primals, tangents)
        return outputs, rotated(found)

    return changed


def once_differentiable(backend, f, inputs):
    """Evaluate f with a pullback that is a constant of further derivatives."""

    def pull(saved, cotangents):
        return stopped(backend, backend.vjp(lambda *xs: (f(*xs), ()), stopped(backend, saved))[1](cotangents))

    return backend.with_pullback(stopped(backend, f(*inputs)), inputs, inputs, pull)


# Capability: {bug: (how the method is broken, the checks that notice)}. A method breaks as ``broken(backend, right)``.
# A check is the id of an operator's check and a scenario, or the name of a check of rules.
BUGS = {
    "jvp": {
        "conjugates tangents": (
            lambda b, right: lambda f, primals, tangents: right(f, primals, conj(b, tangents)),
            [("jvp", "holomorphic"), ("jvp", "complex to real vector"), ("jacobian forward", "complex to real vector")],
        ),
        "swaps outputs": (
            on_tangents(lambda b, found: rotated(found)),
            [("jvp", "dict of results"), ("jacobian forward", "dict of results")],
        ),
        "second order is lost": (
            on_tangents(stopped),
            [("laplacian", "vector to vector"), "custom_jvp gradient_of_jvp"],
        ),
        "first tangent serves for all": (
            lambda b, right: lambda f, primals, tangents: right(
                f, primals, tuple(t if i == 0 else b.xp.zeros_like(t) for i, t in enumerate(tangents))),
            [("jvp", "several arguments"), ("hvp", "several arguments"), "custom_jvp jvp_of_trees"],
        ),
    },
    "gradient_pullback": {
        "conjugates cotangents": (
            on_products(lambda b, pull: lambda cts: pull(conj(b, cts))),
            [("hvp", "complex to real scalar")],
        ),
        "first cotangent serves for all": (
            on_products(lambda b, pull: lambda cts: pull(
                tuple(ct if i == 0 else b.xp.zeros_like(ct) for i, ct in enumerate(cts)))),
            [("hvp", "several arguments"), ("hessian", "several arguments")],
        ),
        "further derivatives are lost": (
            on_products(lambda b, pull: lambda cts: stopped(b, pull(cts))),
            [("jacobian of hessian", "vector to scalar")],
        ),
    },
    "vmap": {
        "batch axis last": (
            lambda b, right: lambda f, arrays: tuple(b.xp.moveaxis(x, 0, -1) for x in right(f, arrays)),
            [("vmap", "vector to vector"), ("jacobian forward", "matrix to matrix")],
        ),
        "batch reversed": (
            lambda b, right: lambda f, arrays: tuple(b.xp.flip(x, axis=0) for x in right(f, arrays)),
            [("jacobian forward", "vector to vector"), "custom_vjp mapped_gradient"],
        ),
        "swaps outputs": (
            lambda b, right: lambda f, arrays: rotated(right(f, arrays)),
            [("jacobian forward", "dataclass to dataclass"), ("vmap", "dict of results")],
        ),
        "first slice serves for all": (
            lambda b, right: lambda f, arrays: tuple(
                b.xp.broadcast_to(x[:1, ...], x.shape) for x in right(f, arrays)),
            [("jacobian forward", "linear"), "custom_vjp mapped_gradient"],
        ),
        "derivative is lost": (
            lambda b, right: lambda f, arrays: stopped(b, right(f, arrays)),
            ["custom_vjp gradient_of_mapped", "custom_vjp hessian_of_mapped"],
        ),
    },
    "tangent_rule": {
        "conjugates tangents": (
            lambda b, right: lambda f, rule, inputs: right(f, lambda p, t: rule(p, conj(b, t)), inputs),
            ["custom_jvp jvp_of_complex", "custom_jvp vjp_of_complex", "custom_jvp holomorphic_jacobian"],
        ),
        "ignores the rule": (
            lambda b, right: lambda f, rule, inputs: f(*inputs),
            ["custom_jvp gradient", "custom_jvp jvp", "custom_jvp jacobian_of_trees", "custom_jvp hessian"],
        ),
        "rule is constant in the primals": (
            lambda b, right: lambda f, rule, inputs: right(f, lambda p, t: rule(stopped(b, p), t), inputs),
            ["custom_jvp hessian", "custom_jvp third_order", "custom_jvp gradient_of_jvp"],
        ),
        "swaps tangents of outputs": (
            lambda b, right: lambda f, rule, inputs: right(f, with_rotated_tangents(rule), inputs),
            ["custom_jvp jvp_of_trees", "custom_jvp jacobian_of_trees"],
        ),
    },
    "pullback_rule": {
        "conjugates cotangents": (
            lambda b, right: lambda outputs, inputs, residuals, pull: right(
                outputs, inputs, residuals, lambda kept, cts: pull(kept, conj(b, cts))),
            ["custom_vjp vjp_of_complex"],
        ),
        "forgets the rule": (
            lambda b, right: lambda outputs, inputs, residuals, pull: right(
                outputs, inputs, residuals, lambda kept, cts: tuple(b.xp.zeros_like(x) for x in inputs)),
            ["custom_vjp gradient", "custom_vjp hvp", "custom_vjp mapped_gradient", "custom_vjp laplacian"],
        ),
        "residuals are constant": (
            lambda b, right: lambda outputs, inputs, residuals, pull: right(
                outputs, inputs, residuals, lambda kept, cts: pull(stopped(b, kept), cts)),
            ["custom_vjp hessian", "custom_vjp third_order", "custom_vjp inside_an_inner_gradient", "custom_vjp hvp"],
        ),
        "cotangents are constant": (
            lambda b, right: lambda outputs, inputs, residuals, pull: right(
                outputs, inputs, residuals, lambda kept, cts: pull(kept, stopped(b, cts))),
            ["custom_vjp inside_an_inner_gradient"],
        ),
        "a factor at every use": (
            lambda b, right: lambda outputs, inputs, residuals, pull: right(
                outputs, inputs, residuals,
                lambda kept, cts: tuple(b.xp.multiply(x, 2.0) for x in pull(kept, cts))),
            ["custom_vjp gradient", "custom_vjp third_order"],
        ),
        "swaps cotangents of outputs": (
            lambda b, right: lambda outputs, inputs, residuals, pull: right(
                outputs, inputs, residuals, lambda kept, cts: pull(kept, cts[::-1])),
            ["custom_vjp jacobian_of_trees"],
        ),
    },
    "checkpoint": {
        "derivative is lost": (
            lambda b, right: lambda f, inputs: stopped(b, right(f, inputs)),
            [("checkpoint reverse", "vector to vector"), ("checkpoint hessian", "vector to scalar")],
        ),
        "second order is lost": (
            lambda b, right: lambda f, inputs: once_differentiable(b, f, inputs),
            [("checkpoint hessian", "vector to scalar")],
        ),
        "swaps outputs": (
            lambda b, right: lambda f, inputs: right(f, inputs)[::-1],
            [("checkpoint reverse", "dict of results")],
        ),
    },
}  # fmt: skip


def described(check):
    return check if isinstance(check, str) else ", ".join(check)


PLANTED = [
    pytest.param(
        capability, broken, check, id=f"{capability} {bug} - {' '.join(check) if type(check) is tuple else check}"
    )
    for capability, bugs in BUGS.items()
    for bug, (broken, checks) in bugs.items()
    for check in checks
]


def run(check, backend):
    if isinstance(check, str):
        family, rule_check = RULES[check]
        rule_check(family, {"backend": backend})
    else:
        BY_ID[check[0]].run(BY_NAME[check[1]], How(backend))


def offers(backend, capability):
    return hasattr(_registry.get_backend(backend), METHODS[capability])


@pytest.mark.parametrize(("capability", "broken", "check"), PLANTED)
def test_planted_bug_is_caught(capability, broken, check, backend):
    method = METHODS[capability]

    def plant(original):
        # Where the backend has no such route there is nothing to break: the right derived one must pass.
        return Copy(original, **{method: broken(original, getattr(original, method))})

    if not offers(backend, capability):
        run(check, backend)
        return
    with in_place_of(backend, plant), pytest.raises(Exception) as caught:  # noqa: PT011 - a bug may show as any error
        run(check, backend)
    # The bug itself must have run.
    assert not isinstance(caught.value, multigrad.BackendBrokenError | AttributeError | NameError)


def test_every_capability_with_a_method_has_planted_bugs():
    # A broken gradient is caught by the conformance kit.
    assert set(BUGS) == set(METHODS) - {"gradient"}


# How a pullback of many cotangents at once breaks: (bug, the check that notices).
STACKED = {
    "reversed": (lambda b, found: tuple(b.xp.flip(x, axis=0) for x in found), ("jacobian reverse", "vector to vector")),
    "swaps primals": (lambda b, found: rotated(found), ("jacobian reverse", "dataclass to dataclass")),
    "first row serves for all": (
        lambda b, found: tuple(b.xp.broadcast_to(x[:1, ...], x.shape) for x in found), ("hessian", "vector to scalar"),
    ),
    "derivative is lost": (lambda b, found: stopped(b, found), ("jacobian of hessian", "vector to scalar")),
}  # fmt: skip


@pytest.mark.backends("torch", "tensorflow")
@pytest.mark.parametrize("bug", STACKED)
def test_planted_bug_of_stacked_pullbacks_is_caught(bug, backend):
    change, check = STACKED[bug]

    class Broken:
        def __init__(self, pullback):
            self._pullback = pullback

        def __call__(self, cotangents):
            return self._pullback(cotangents)

        def stacked(self, k, cotangents):
            return change(_registry.get_backend(backend), self._pullback.stacked(k, cotangents))

    def plant(original):
        return Copy(original, without=("closed_vjp", "gradient_pullback"), vjp=with_pullbacks(original, Broken))

    with in_place_of(backend, plant), pytest.raises((AssertionError, ValueError)):
        run(check, backend)
