"""The ten rules of the derivative convention, from which every row must follow."""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """One rule of the derivative convention.

    Attributes
    ----------
    number
        1 to 10; rows refer to it.
    name
        What it is about.
    text
        The rule, in Markdown.

    Examples
    --------
    >>> from multigrad import convention
    >>> convention.RULES[1].name
    'Kink'
    """

    number: int
    name: str
    text: str


RULES = (
    Rule(
        1,
        "Smooth point",
        "The true derivative, by IEEE evaluation of the exact formula, accurate to a few eps absolute (relative "
        "accuracy in a saturated tail such as tanh(20) is not promised), and without overflow in divide, hypot, "
        "logaddexp, acosh and asinh; in atan2 and vector_norm as far as the squares are representable.",
    ),
    Rule(
        2,
        "Kink",
        "The mean of the gradients of the distinct smooth pieces that are active there: 1/k among k tied operands "
        "(maximum, minimum, the reductions max and min), 0 at a symmetric kink (abs, norms, std, hypot at 0). Ties and "
        "operands at ±inf (maximum, minimum, logaddexp, hypot) are unspecified. max(x, 0) = (x + |x|)/2 holds for "
        "gradients; clip = minimum(maximum()) holds for lo < hi (½ to x, ½ to the bound at a bound); at lo = hi = x: "
        "x gets 0, lo ½, hi ½. sort, take_along_axis and the like move cotangents by the stable permutation.",
    ),
    Rule(
        3,
        "Flat functions and unused inputs",
        "sign, floor, ceil, round, trunc, floor_divide, comparisons and unused inputs: an array of zeros, also at NaN. "
        "Never None, never an error.",
    ),
    Rule(
        4,
        "NaN and the border of the domain",
        "NaN appears where the exact formula needs the NaN entry (multiply, prod: in the other factors' slots; add, "
        "sum, where, indexing: 1 or 0). Functions with a kink or a restricted domain (abs, maximum, minimum, clip, "
        "max, min, sqrt, log, asin, acos, acosh, atanh, ...) give NaN to every operand that took part in the "
        "comparison, and outside their domain. Infinite slope at the border: the one-sided limit (sqrt at ±0: +inf). "
        "Poles: the IEEE value of the formula (1/x at 0: -inf).",
    ),
    Rule(
        5,
        "Masked branches",
        "The chain rule is IEEE arithmetic: 0 · inf = NaN, on every backend alike. The remedy is "
        "multigrad.apply_where, right wherever the selected branch is differentiable, in first and second order.",
    ),
    Rule(
        6,
        "Polynomials stay polynomials",
        "prod, cumulative_prod, det: exact leave-one-out or adjugate at zeros and singular matrices, in first and "
        "second order (beyond that det of a singular matrix may be NaN; slogdet there: NaN). x**n with a constant "
        "n ≥ 0 has no NaN at 0.",
    ),
    Rule(
        7,
        "Decompositions",
        "Symmetric input (cholesky, eigh, eigvalsh): the symmetrized gradient. Tied eigenvalues or singular values "
        "share equally (the projector over the multiplicity). Gradients are promised for functions that do not depend "
        "on the free signs and phases of vectors. Through vectors at a repeated value: NaN, never a silent 0. A zero "
        "singular value has slope 0 (svdvals, nuclear norm, ord -2). A matrix outside the domain (cholesky not "
        "positive definite; inv, solve singular) gives NaN gradients on every backend, never an exception.",
    ),
    Rule(8, "Complex", "dL/dRe + i·dL/dIm. The gradient of a real input is real."),
    Rule(
        9,
        "Shape, dtype, device",
        "They are the input's. Integer inputs raise. Subnormal numbers are exempt (JAX and TensorFlow flush them).",
    ),
    Rule(
        10,
        "Second derivatives",
        "The same rules applied to the first derivative; the curvature at a symmetric kink is 0. A dense zero tangent "
        "times a NaN or infinite slope is NaN.",
    ),
)
