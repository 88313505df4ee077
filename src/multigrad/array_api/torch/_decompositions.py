"""Decompositions whose derivative does not depend on the vectors that LAPACK chooses among equals (torch 2.13).

Equal eigenvalues or singular values share their cotangents, and a zero singular value has none.
"""

import torch

from multigrad.array_api.torch._regular import is_constant, is_readable


def cholesky(x, upper):
    if x.dtype.is_complex:
        # torch takes a cotangent of the diagonal's imaginary part, which is 0, for a real one's. It comes out as an
        # antihermitian gradient, which the symmetrized one is without.
        fixed = x.detach()
        x = fixed + (x + x.mH - fixed - fixed.mH) / 2
    return torch.linalg.cholesky_ex(x, upper=upper)


def pinv(x, rtol):
    if not x.dtype.is_complex:
        return torch.linalg.pinv(x, rtol=rtol)
    # The real form of complex matrices: a compiled torch.linalg.pinv gives other values for them (torch 2.13).
    rows, columns = x.shape[-2:]
    if rtol is None:
        rtol = max(rows, columns) * torch.finfo(x.dtype).eps
    real_form = torch.cat([torch.cat([x.real, -x.imag], -1), torch.cat([x.imag, x.real], -1)], -2)
    left = torch.linalg.pinv(real_form, rtol=rtol)[..., :rows]
    return torch.complex(left[..., :columns, :], left[..., columns:, :])


def eigvalsh(x):
    values = torch.linalg.eigvalsh(x)
    return _shared(values, _rounding(values, x.shape[-1]))


def eigh(x):
    values, vectors = torch.linalg.eigh(x)
    return _shared(values, _rounding(values, x.shape[-1])), vectors


def svdvals(x):
    return _without_zeros(torch.linalg.svdvals(x), x)


def qr(x, mode):
    if mode == "reduced" or x.shape[-2] <= x.shape[-1] or is_constant(x):
        return torch.linalg.qr(x, mode)
    q, r = torch.linalg.qr(x)
    count = q.shape[-1]
    beyond = torch.linalg.qr(x.detach(), "complete").Q[..., count:]
    below = torch.zeros_like(x[..., count:, :])
    return torch.cat([q, _turned(q, beyond)], -1), torch.cat([r, below], -2)


def svd(x, full_matrices):
    square = x.shape[-2] == x.shape[-1]
    if full_matrices and not square and not is_constant(x):
        return _full_svd(x)
    if x.dtype.is_complex and x.numel() and not is_constant(x) and not is_readable(x):
        return _hidden_svd(x, square)
    u, values, vh = torch.linalg.svd(x, full_matrices=full_matrices)
    return u, _without_zeros(values, x), vh


def _full_svd(x):
    """Complete the thin form: torch gives the vectors beyond it no derivative, silently (2.13)."""
    u, values, vh = svd(x, full_matrices=False)
    full, count = torch.linalg.svd(x.detach()), values.shape[-1]
    if x.shape[-2] > count:
        return torch.cat([u, _turned(u, full.U[..., count:])], -1), values, vh
    return u, values, torch.cat([vh, _turned(vh.mH, full.Vh[..., count:, :].mH).mH], -2)


def _turned(basis, beyond):
    """Return the further vectors of an orthonormal basis, which turn no more than the first ones make them.

    They are made orthogonal to the first ones again, and orthonormal by the series of (1 - overlap)^(-1/2), of which
    two terms are exact to fifth order.
    """
    inner = basis.mH @ beyond
    overlap = inner.mH @ inner
    beyond = beyond - basis @ inner
    return beyond + beyond @ (overlap / 2 + overlap @ overlap * 0.375)


def _hidden_svd(x, square):
    """Take the derivative of complex vectors by an eigenvalue problem: torch's looks at their phases, as no vmap can.

    [[0, X], [Xᴴ, 0]] has the eigenvalues ±s and the eigenvectors (u, ±v)/√2. Other than square matrices are triangles
    first.
    """
    if x.shape[-2] < x.shape[-1]:
        u, values, vh = _hidden_svd(x.mH, square)
        return vh.mH, values, u.mH
    fixed = torch.linalg.svd(x.detach(), full_matrices=False)
    basis, core = (None, x) if square else torch.linalg.qr(x)
    zero, size = torch.zeros_like(core), core.shape[-1]
    double = torch.cat([torch.cat([zero, core], -1), torch.cat([core.mH, zero], -1)], -2)
    values, vectors = torch.linalg.eigh(double)
    u, v = torch.split(torch.flip(vectors[..., size:], (-1,)) * 2**0.5, size, -2)
    v_fixed = fixed.Vh.mH
    # The phases of the values that are given.
    phase = torch.sum(v.detach().conj() * v_fixed, -2, keepdim=True)
    u, v = [part * phase for part in (u if square else basis @ u, v)]
    if square:
        values = torch.flip(_shared(values, _rounding(values, 2 * size))[..., size:], (-1,))
        values = fixed.S + (values - values.detach())
    else:  # also where there is no full rank
        values = _without_zeros(torch.linalg.svdvals(x), x)
    return fixed.U + (u - u.detach()), values, (v_fixed + (v - v.detach())).mH


def _without_zeros(values, x):
    rounding = _rounding(values, max(x.shape[-2:]))
    fixed = values.detach()
    return _shared(fixed + (values - fixed) * (fixed > rounding), rounding)


def _rounding(values, size):
    """Return how far rounding may move the singular values or eigenvalues of a matrix of some size."""
    if not values.numel():
        return values.detach()
    return torch.amax(torch.abs(values.detach()), -1, keepdim=True) * (size * torch.finfo(values.dtype).eps)


def _shared(values, rounding):
    """Return values of which those that are equal but for rounding share their cotangents."""
    if values.shape[-1] < 2:
        return values
    fixed = values.detach()
    tied = (torch.abs(fixed[..., None, :] - fixed[..., :, None]) <= rounding[..., None]).to(values.dtype)
    groups = tied / torch.sum(tied, -1, keepdim=True)
    return fixed + (groups @ (values - fixed)[..., None])[..., 0]
