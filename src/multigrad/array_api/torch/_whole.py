"""What a derivative rule written by hand needs to hold under every transform and compiler of torch (2.13).

Compositions of torch's own functions hold by themselves, and come first. A rule is taken where those decompose a matrix
once more in each order, or raise where it is singular.
"""

import functools

import torch
from torch.autograd import forward_ad

from multigrad.array_api.torch._regular import is_readable

_functorch = torch._C._functorch  # no public question "what does this tensor wrap?" (torch 2.13)


def whole(function):
    """Return a function of tensors whose rules Dynamo takes, too.

    It would look into them, and where torch.func differentiates inside a program differentiate what it finds there.
    """

    def allow():
        torch.compiler.allow_in_graph(function)
        return True

    # Called by Dynamo alone, as it traces: to import the compiler takes a second.
    allow._dynamo_marked_constant = True

    @functools.wraps(function)
    def call(*arrays):
        if torch.compiler.is_compiling():
            allow()
        return function(*arrays)

    return call


def value(x):
    """Return what an array holds under maps and backward transforms, at once; None where that cannot be looked at.

    torch's own derivatives, to every order, are right there at regular matrices, and take a third of the time of a rule
    for small ones. Those of tangents are not.
    """
    if torch.compiler.is_compiling() or forward_ad._current_level >= 0:
        return None
    while _functorch.is_functorch_wrapped_tensor(x):
        x = _functorch.get_unwrapped(x)
    return x if is_readable(x) else None


def tangent_rule(rule):
    """Make a rule for tangents of a function of what was saved and of the tangents, None where there is none.

    torch computes tangents with forward mode off, and another forward transform around it would find constants. It goes
    on again, without the tangents of the transform whose rule this is.
    """

    @functools.wraps(rule)
    def jvp(ctx, *tangents):
        with forward_ad._set_fwd_grad_enabled(True):
            return rule(ctx, [_primal(x) for x in ctx.saved_tensors], *[_primal(x) for x in tangents])

    return jvp


def _primal(x):
    # Inside a program no level is entered, in Python's eyes: there is but the one.
    return forward_ad.unpack_dual(x, level=0).primal if isinstance(x, torch.Tensor) else x


def save(ctx, *arrays):
    """Save arrays for both kinds of rules."""
    ctx.save_for_backward(*arrays)
    ctx.save_for_forward(*arrays)


def mapped(x, axis, size):
    """Return an array with the axis that vmap maps in front; stretched if it has none."""
    return x.expand(size, *x.shape) if axis is None else torch.movedim(x, axis, 0)
