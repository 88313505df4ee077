"""Equations solved by the LU factors of their matrix, which no derivative decomposes again.

torch decomposes it once more in each order of a derivative that is differentiated or traced, raises there if it is
singular, and takes the factors for constants in the derivative of a tangent (2.13). A singular matrix has NaN for the
solution and all derivatives.
"""

import math

import torch

from multigrad.array_api.torch._whole import mapped, save, tangent_rule, whole


def spoil(factors, info):
    """Write a NaN into the factors of singular matrices: into the last pivot, on which every unknown depends."""
    if factors.numel():
        last = factors[..., -1, -1]
        last.copy_(torch.where(info == 0, last, math.nan))


def solved(factors, pivots, right, adjoint=False):
    """Solve by factors of each matrix, or of one for all right sides."""
    size, stack = right.shape[-2:], right.shape[:-2]
    if factors.ndim == 2 and stack:  # all columns at once
        columns = torch.flatten(torch.movedim(right, -2, 0), 1)
        found = torch.linalg.lu_solve(factors, pivots, columns, adjoint=adjoint)
        return torch.movedim(found.reshape(size[0], *stack, size[1]), 0, -2)
    if len(stack) < 2:
        return torch.linalg.lu_solve(factors, pivots, right, adjoint=adjoint)
    # In one stack: torch takes the step between two matrices from the last axis, also where that has one element and a
    # step that nobody uses (2.13).
    factors, pivots = factors.expand(*stack, *factors.shape[-2:]), pivots.expand(*stack, *pivots.shape[-1:])
    one = [torch.flatten(part, 0, len(stack) - 1) for part in (factors, pivots, right)]
    return torch.linalg.lu_solve(*one, adjoint=adjoint).reshape(right.shape)


class Solution(torch.autograd.Function):
    """The solution for a right side, or with the adjoint matrix.

    Takes the matrix, whose factors are constants: of each, or of one for all right sides. There are as many matrices
    as right sides.
    """

    @staticmethod
    def forward(x, right, factors, pivots, adjoint):
        return solved(factors, pivots, right, adjoint)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, _, *factors, ctx.adjoint = inputs
        save(ctx, x, *factors, output)

    @staticmethod
    def backward(ctx, cotangent):
        x, *factors, output = ctx.saved_tensors
        right = Solution.apply(x, cotangent, *factors, not ctx.adjoint)
        matrix = None
        if ctx.needs_input_grad[0]:
            matrix = -(output @ right.mH if ctx.adjoint else right @ output.mH)
        return matrix, right, None, None, None

    @staticmethod
    @tangent_rule
    def jvp(ctx, saved, matrix, right, *_):
        x, *factors, output = saved
        if matrix is not None:
            change = (matrix.mH if ctx.adjoint else matrix) @ output
            right = -change if right is None else right - change
        return Solution.apply(x, right, *factors, ctx.adjoint)

    @staticmethod
    def vmap(info, axes, *arguments):
        *arrays, adjoint = arguments
        x, right = (mapped(part, axis, info.batch_size) for part, axis in zip(arrays[:2], axes[:2], strict=True))
        factors = arrays[2:]
        if axes[2] is not None:  # one axis of the stack for each of the right side's
            missing = (1,) * (right.ndim - factors[0].ndim)
            factors = [torch.movedim(part, axis, 0) for part, axis in zip(factors, axes[2:4], strict=True)]
            factors = [part.reshape(len(part), *missing, *part.shape[1:]) for part in factors]
        return Solution.apply(x, right, *factors, adjoint), 0


@whole
def solve(x, right):
    """Solve for a stack of matrices, with the stacks of both broadcast."""
    factors, pivots, info = torch.linalg.lu_factor_ex(x.detach())
    spoil(factors, info)
    stack = torch.broadcast_shapes(x.shape[:-2], right.shape[:-2])
    x, right = (part.expand(*stack, *part.shape[-2:]) for part in (x, right))
    return Solution.apply(x, right, factors, pivots, False)
