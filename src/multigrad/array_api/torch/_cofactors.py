"""The cofactors of a matrix, which are the slopes of its determinant, with their own derivative.

By the inverse, where there is one; else by the singular vectors, which take twenty times as long. Compiled and mapped
code has no values to choose by: what chooses is one operation of its programs, which looks when it runs.
"""

import functools

import torch

from multigrad.array_api.torch._factors import Solution, solved
from multigrad.array_api.torch._whole import mapped, save, tangent_rule


def determinant(factors, pivots):
    """Return the determinant of factored matrices."""
    return torch.prod(torch.diagonal(factors, dim1=-2, dim2=-1), -1) * parity(pivots)


def parity(pivots):
    """Return 1 for an even number of exchanges, -1 for an odd one."""
    places = torch.arange(1, pivots.shape[-1] + 1, dtype=pivots.dtype, device=pivots.device)
    return 1 - 2 * (torch.sum(pivots != places, -1) % 2)


# Neither waits for a GPU within a graph of its kernels.
_operation = functools.partial(torch.library.custom_op, mutates_args=(), tags=torch.Tag.cudagraph_unsafe)
_ARGUMENTS = "(Tensor x, Tensor factors, Tensor pivots)"


@_operation("multigrad::adjugate", schema=f"{_ARGUMENTS} -> Tensor")
def _adjugate(x, factors, pivots):
    """Compute the transposed cofactors, given the factors of the transposed matrices."""
    # What divides by a small pivot has multiplied by it before: only what is 0, or no number, is lost.
    value = determinant(factors, pivots)
    found = solved(factors, pivots, torch.diag_embed(value[..., None].expand(pivots.shape)).mT)
    lost = _is_lost(value)
    if lost.any():
        lost &= _is_finite(x)
        u, s, vh = torch.linalg.svd(x[lost])
        slopes = _before(s) * _after(s) * (torch.linalg.det(u) * torch.linalg.det(vh))[..., None]
        found[lost] = (u.conj() * slopes[..., None, :]) @ vh.conj()
    return found.mT.contiguous()  # no copy: torch solves equations by columns


@_adjugate.register_fake
def _(x, factors, pivots):
    return torch.empty_like(x, memory_format=torch.contiguous_format)


@_operation("multigrad::singular_vectors", schema=f"{_ARGUMENTS} -> (Tensor, Tensor, Tensor, Tensor)")
def _vectors(x, factors, pivots):
    """Compute which matrices are nearly singular, and of those the singular vectors.

    Between both sides of the vectors come the products of all singular values but two, with the phase of the vectors.
    """
    eye = torch.eye(x.shape[-1], dtype=x.dtype, device=x.device).expand(x.shape)
    inverse = solved(factors, pivots, eye)
    # The inverse has an error of eps times the condition number, the other way none, but it ends at second order.
    condition = torch.amax(torch.abs(x), (-2, -1)) * torch.amax(torch.abs(inverse), (-2, -1))
    near = (condition >= torch.finfo(x.dtype).eps ** -0.5) | torch.isnan(condition)
    near = (near | _is_lost(determinant(factors, pivots))) & _is_finite(x)
    u, others, vh = eye.clone(), torch.zeros_like(eye), eye.clone()
    if near.any():
        u[near], s, vh[near] = torch.linalg.svd(x[near])
        phase = torch.linalg.det(u[near]) * torch.linalg.det(vh[near])
        others[near] = _without_two(s) * phase[..., None, None]
    return near, u, others, vh


@_vectors.register_fake
def _(x, factors, pivots):
    near = torch.empty(x.shape[:-2], dtype=torch.bool, device=x.device)
    return near, *[torch.empty_like(x, memory_format=torch.contiguous_format) for _ in range(3)]


def _is_lost(value):
    return (value == 0) | ~torch.isfinite(value)


def _is_finite(x):
    return torch.all(torch.isfinite(x), dim=-1).all(dim=-1)


def _before(s):
    """Return the products of all before each."""
    return torch.cat([torch.ones_like(s[..., :1]), torch.cumprod(s, -1)[..., :-1]], -1)


def _after(s):
    return torch.flip(_before(torch.flip(s, (-1,))), (-1,))


def _without_two(s):
    """Return the products of all but two, 0 on the diagonal: of those before, between and after them."""
    size = s.shape[-1]
    follows = torch.triu(torch.ones(size, size, dtype=torch.bool, device=s.device), 1)
    between = _before(torch.where(follows, s[..., None, :], 1.0))
    half = torch.where(follows, _before(s)[..., :, None] * between * _after(s)[..., None, :], 0.0)
    return half + half.mT


class Cofactors(torch.autograd.Function):
    """The cofactors; the determinant, with its derivative, and the factors of the transposed matrix are given."""

    @staticmethod
    def forward(x, value, factors, pivots):
        return _adjugate(x, factors, pivots).mT

    @staticmethod
    def setup_context(ctx, inputs, output):
        save(ctx, *inputs)

    @staticmethod
    def backward(ctx, cotangent):
        return _along(cotangent.conj(), *ctx.saved_tensors).conj(), None, None, None

    @staticmethod
    @tangent_rule
    def jvp(ctx, saved, direction, *_):
        return _along(direction, *saved)

    @staticmethod
    def vmap(info, axes, *arrays):
        return Cofactors.apply(*[mapped(x, axis, info.batch_size) for x, axis in zip(arrays, axes, strict=True)]), 0


class _Vectors(torch.autograd.Function):
    @staticmethod
    def forward(x, factors, pivots):
        return _vectors(x, factors, pivots)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.mark_non_differentiable(*output)

    @staticmethod
    def vmap(info, axes, *arrays):
        mapped_arrays = [mapped(x, axis, info.batch_size) for x, axis in zip(arrays, axes, strict=True)]
        return _Vectors.apply(*mapped_arrays), (0, 0, 0, 0)


def _along(direction, x, value, factors, pivots):
    """Return the derivative of the cofactors in a direction."""
    near, u, others, vh = _Vectors.apply(x.detach(), factors, pivots)
    eye = torch.eye(x.shape[-1], dtype=x.dtype, device=x.device).expand(x.shape)
    regular = torch.where(near[..., None, None], eye, factors), pivots, False
    inverse = Solution.apply(x.mT, eye, *regular)
    along = Solution.apply(x.mT, direction.mT.expand(x.shape), *regular)
    by_inverse = value[..., None, None] * (_trace(along) * inverse - along @ inverse)
    inner = u.mH @ direction @ vh.mH
    on_diagonal = torch.sum(others * torch.diagonal(inner, dim1=-2, dim2=-1)[..., None, :], -1)
    by_values = u.conj() @ (torch.diag_embed(on_diagonal) - others * inner.mT) @ vh.conj()
    return torch.where(near[..., None, None], by_values + _end(x, near), by_inverse)


def _trace(x):
    return torch.sum(torch.diagonal(x, dim1=-2, dim2=-1), -1)[..., None, None]


def _end(x, near):
    """Return 0, of which the derivative is NaN, where near."""
    fixed = x.detach()
    elements = (x - fixed).real + (x - fixed).imag if x.dtype.is_complex else x - fixed
    move = torch.where(near, torch.sum(elements, (-2, -1)), 1.0)
    return (torch.sqrt(move) * 0.0)[..., None, None]
