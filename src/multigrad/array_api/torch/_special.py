"""Special functions on torch's tensors.

torch's own derivatives are not used: trigamma has half of the digits in float64, the derivative of ndtr is taken of a
function with an empty left tail, and those at infinity are NaN in second order (torch 2.13).
"""

from types import SimpleNamespace

import torch

from multigrad.array_api._special import special_functions
from multigrad.array_api._special_formulas import refined_erfinv
from multigrad.array_api.torch import _creation, _elementwise, _searching
from multigrad.array_api.torch._dtypes import promotion
from multigrad.array_api.torch._regular import is_traced

_values = SimpleNamespace(
    abs=torch.abs, erf=torch.special.erf, erfc=torch.special.erfc, exp=torch.exp, where=torch.where
)


def _erfinv(x):
    native = torch.special.erfinv(x)
    if not is_traced():
        return native
    # Compiled it loses half of its digits, and more, next to its ends (2.13); near 0 it is erf that does.
    return torch.where(torch.abs(x) > 0.5, refined_erfinv(_values, x, native, steps=2), native)


def _ruled(function, slopes, xp):
    class Ruled(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(*args):
            return function(*args)

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(output, *inputs)
            ctx.save_for_forward(output, *inputs)

        @staticmethod
        def backward(ctx, cotangent):
            out, *args = ctx.saved_tensors
            return tuple(
                (cotangent * slope(xp, out, *args)).sum_to_size(arg.shape) if needed else None
                for needed, slope, arg in zip(ctx.needs_input_grad, slopes, args, strict=True)
            )

        @staticmethod
        def jvp(ctx, *tangents):
            out, *args = ctx.saved_tensors
            terms = [
                tangent * slope(xp, out, *args)
                for tangent, slope in zip(tangents, slopes, strict=True)
                if tangent is not None
            ]
            return sum(terms[1:], terms[0]).expand(out.shape)

    return Ruled.apply


SPECIAL = special_functions(
    _elementwise,
    {"where": _searching.where, "zeros_like": _creation.zeros_like, "ones_like": _creation.ones_like},
    {
        "digamma": torch.special.digamma,
        "erf": torch.special.erf,
        "erfc": torch.special.erfc,
        "erfinv": _erfinv,
        "expit": torch.special.expit,
        "gammainc": torch.special.gammainc,
        "gammaincc": torch.special.gammaincc,
        "gammaln": torch.special.gammaln,
        "i0e": torch.special.i0e,
        "i1e": torch.special.i1e,
        "ndtri": torch.special.ndtri,
    },
    _ruled,
    promotion,
)
