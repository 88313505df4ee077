"""Determinants whose derivative is right at singular matrices, where torch's is 0, infinite or an error (2.13)."""

import math

import torch

from multigrad.array_api.torch._cofactors import Cofactors, determinant, parity
from multigrad.array_api.torch._factors import Solution, spoil
from multigrad.array_api.torch._regular import has_no_zero, is_readable, largest, smallest
from multigrad.array_api.torch._whole import mapped, save, tangent_rule, value, whole


def det(x):
    size = x.shape[-1]
    if size == 2:
        a, b, c, d = torch.unbind(x.reshape(*x.shape[:-2], 4), -1)
        return a * d - b * c
    if size == 3:
        first, second, third = torch.unbind(x, -2)
        return torch.sum(first * torch.linalg.cross(second, third), -1)
    if size < 2:
        return torch.linalg.det(x)
    if is_readable(x):
        native, factors, _ = torch._linalg_det(x)  # what torch.linalg.det does, with the LU decomposition
        if _is_regular(native, factors):
            return native
    return _of_any_size(x)


def _is_regular(native, factors):
    """Tell whether matrices are so far from singular that torch takes the derivative by the inverse, in every order."""
    pivots = torch.abs(torch.diagonal(factors.detach(), dim1=-2, dim2=-1))
    eps = torch.finfo(pivots.dtype).eps
    size = torch.abs(native.detach())
    # In second order torch holds for singular what has a small determinant.
    return (
        smallest(torch.amin(pivots, -1) / torch.amax(pivots, -1)) > eps**0.5
        and smallest(size) > 1000 * eps
        and largest(size) < math.inf
    )


def slogdet(x):
    """Return sign and logarithm; of a singular matrix 0 and -inf, whose derivative is NaN."""
    if value(x) is not None:
        native = torch.linalg.slogdet(x)
        if has_no_zero(value(native.sign)):
            return native
    return _sign_and_logarithm(x)


# Both rules take the factors of the transposed matrix, as torch does: they come without a copy, and the solution for
# the identity is the gradient.


class _Determinant(torch.autograd.Function):
    @staticmethod
    def forward(x):
        factors, pivots, _ = torch.linalg.lu_factor_ex(x.mT)
        return determinant(factors, pivots), factors, pivots

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.mark_non_differentiable(*output[1:])
        save(ctx, *inputs, *output)

    @staticmethod
    def backward(ctx, cotangent, *_):
        return cotangent[..., None, None] * Cofactors.apply(*ctx.saved_tensors).conj()

    @staticmethod
    @tangent_rule
    def jvp(ctx, saved, direction):
        return torch.sum(Cofactors.apply(*saved) * direction, (-2, -1)), None, None

    @staticmethod
    def vmap(info, axes, x):
        return _Determinant.apply(mapped(x, axes[0], info.batch_size)), (0, 0, 0)


@whole
def _of_any_size(x):
    return _Determinant.apply(x)[0]


class _SignAndLogarithm(torch.autograd.Function):
    @staticmethod
    def forward(x):
        factors, pivots, info = torch.linalg.lu_factor_ex(x.mT)
        diagonal = torch.diagonal(factors, dim1=-2, dim2=-1)
        sign = torch.prod(torch.sgn(diagonal), -1) * parity(pivots)
        logarithm = torch.sum(torch.log(torch.abs(diagonal)), -1)
        spoil(factors, info)
        return sign, logarithm, factors, pivots

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.mark_non_differentiable(*output[2:])
        ctx.set_materialize_grads(False)
        sign, _, *factors = output
        save(ctx, *inputs, sign, *factors)

    @staticmethod
    def backward(ctx, of_sign, of_logarithm, *_):
        x, sign, factors, pivots = ctx.saved_tensors
        turning = of_sign is not None and x.dtype.is_complex
        if of_logarithm is None and not turning:  # a real sign is flat
            return torch.zeros_like(x)
        along = 0.0 if of_logarithm is None else of_logarithm
        if turning:
            along = along + 1j * torch.imag(of_sign.conj() * sign)  # the conjugate of the cotangent
        right = torch.diag_embed(along.to(x.dtype)[..., None].expand(pivots.shape)).mT
        return Solution.apply(x.mT, right, factors, pivots, False).conj()

    @staticmethod
    @tangent_rule
    def jvp(ctx, saved, direction):
        x, sign, factors, pivots = saved
        along = Solution.apply(x.mT, direction.mT, factors, pivots, False)
        along = torch.sum(torch.diagonal(along, dim1=-2, dim2=-1), -1)
        if not x.dtype.is_complex:
            return torch.zeros_like(sign), along, None, None
        return sign * 1j * along.imag, along.real, None, None

    @staticmethod
    def vmap(info, axes, x):
        return _SignAndLogarithm.apply(mapped(x, axes[0], info.batch_size)), (0, 0, 0, 0)


@whole
def _sign_and_logarithm(x):
    return _SignAndLogarithm.apply(x)[:2]
