"""Where the backends still differ, or one of them leaves the rules, each with its reason."""

from __future__ import annotations

from typing import NamedTuple


class Limit(NamedTuple):
    """Something that cannot be made equal, or is not worth its cost.

    Attributes
    ----------
    where
        Which functions, at which points or in which modes.
    backends
        Which backends differ from the others.
    what
        What they give.
    reason
        Why it stays.

    Examples
    --------
    >>> from multigrad import convention
    >>> convention.LIMITS[0].where
    'Subnormal numbers'
    """

    where: str
    backends: str
    what: str
    reason: str


LIMITS = (
    Limit("Subnormal numbers", "JAX, TensorFlow", "flushed to zero", "Their kernels; rule 9 exempts them"),
    Limit(
        "remainder where the quotient overflows",
        "torch",
        "the derivative in the divisor is NaN; at an infinite divisor it is rounded otherwise",
        "Its kernel",
    ),
    Limit(
        "pow at the base -0 and a negative exponent, in the exponent",
        "torch",
        "+inf where the power is -inf",
        "No composition has the slope -inf there",
    ),
    Limit(
        "pow with both arguments differentiated, mixed second derivatives at the base 0, the exponent 0 or NaN",
        "all",
        "0, NaN or the limit of one order of differentiation",
        "The mixed derivatives do not commute there",
    ),
    Limit(
        "-inf to the power of the number 0.5",
        "NumPy, torch",
        "NaN, not +inf",
        "The value of their square root, which they take instead",
    ),
    Limit(
        "The slope of -inf to the power of the number 0.5 or 1.5, in a compiled program",
        "TensorFlow",
        "NaN, not 0 or +inf, depending on the program around it",
        "XLA makes a square root of the power of one half",
    ),
    Limit(
        "Poles and branch points of complex functions, infinite or huge complex numbers",
        "all",
        "which of the parts are infinite and which NaN differs, and whether 1e300 overflows",
        "The standard leaves complex arithmetic with infinities open, and the frameworks multiply differently",
    ),
    Limit(
        "Complex pow at the base 0 and an exponent other than 0, 1, 2 or one with a real part above 2",
        "torch",
        "NaN in the exponent",
        "Only where it is constant or a polynomial has it a rule (rule 6)",
    ),
    Limit(
        "Ties and operands at ±inf: maximum, minimum, logaddexp, hypot",
        "all",
        "NaN or a number",
        "Rule 2 leaves them open",
    ),
    Limit(
        "A masked branch",
        "all alike",
        "0 · inf = NaN backwards, and forwards the chosen branch's derivative",
        "A choice takes a tangent, but multiplies a cotangent with the branch's slope (rule 5)",
    ),
    Limit(
        "A constant NaN slope in second order: a choice or abs of another one, at NaN",
        "TensorFlow",
        "NaN, not 0",
        "Its slope is a product with the NaN (rule 10)",
    ),
    Limit(
        "Input that is not symmetric: cholesky, eigh, eigvalsh",
        "all",
        "one triangle, or the mean of both, is read",
        "Rule 7 is about symmetric input",
    ),
    Limit(
        "Repeated eigenvalues or singular values but for rounding, and qr of a matrix without full rank",
        "all",
        "NaN or large numbers through vectors",
        "Whether rounding separates them depends on the kernel",
    ),
    Limit(
        "NaN in a matrix: svd, pinv, matrix_norm of order 2, -2 or nuc",
        "NumPy, torch",
        "an error, not NaN",
        "Their kernels do not converge",
    ),
    Limit(
        "Nearly singular matrices: inv, solve",
        "TensorFlow inside a tf.function",
        "NaN where a matrix is singular to within rounding, elsewhere only where it is so exactly",
        "The kernel of a graph raises when it runs, or gives noise under XLA",
    ),
    Limit(
        "The derivatives of a complex svdvals or matrix_norm compiled, and in second order under vmap; of qr at some "
        "points compiled",
        "torch",
        "cannot be traced or mapped; right without",
        "torch looks at values there, or writes to views",
    ),
    Limit(
        "Complex matrices with one singular value of 0: svdvals and the nuclear norm in second order",
        "torch",
        "NaN, not the turning of the other vectors",
        "Its rule divides the free phase of two vectors by their singular value",
    ),
    Limit(
        "pinv of a matrix without full rank, in second order",
        "all",
        "differs between forward and reverse mode",
        "The function jumps beside such a matrix: only its first derivative, at a fixed rank, has a meaning",
    ),
    Limit(
        "var with an infinite element; prod and cumulative_prod in second order where products overflow",
        "NumPy, JAX; TensorFlow",
        "NaN in every element, not in the infinite one alone; NaN, not a number or infinite",
        "The deviations are summed again, and infinities are subtracted",
    ),
    Limit(
        "cumulative_prod with infinite elements",
        "TensorFlow",
        "NaN, not an infinity",
        "Its sums take the products in another order",
    ),
    Limit(
        "Matrices whose entries have no square in their dtype: vectors of svd, pinv, and second derivatives of "
        "singular values, of norms made of them and of vectors",
        "all",
        "NaN, infinite, or without most digits",
        "The rules divide by differences of squares",
    ),
    Limit(
        "Products of the vectors of svd at a singular value of 0, in second order",
        "NumPy, JAX, TensorFlow",
        "differs between forward and reverse mode, or NaN",
        "The vectors turn freely there, and only in the product does that cancel",
    ),
    Limit(
        "atan2 where the squares of the arguments overflow",
        "torch, TensorFlow; JAX",
        "0, not a number near 0; NaN in second order, compiled",
        "Their quotients by the sum of the squares; rule 1 asks for it as far as that is representable",
    ),
    Limit(
        "Complex svd under vmap or compiled: forwards, and matrices that are not square in second order",
        "torch",
        "cannot be mapped or traced; right without",
        "torch compares phases there, or mixes real and complex cotangents",
    ),
    Limit(
        "Complex eigh, in second order through vectors, compiled or forwards under vmap",
        "torch",
        "an error of torch's; right without",
        "torch mixes real and complex cotangents there, or compares phases",
    ),
    Limit(
        "eigh of a complex matrix with repeated eigenvalues, in second order through vectors",
        "torch",
        "an error of torch's, not NaN",
        "torch compares phases before it differentiates",
    ),
    Limit(
        "Beyond second order: det of a nearly singular matrix with more than three rows, pow at an exponent array of 0",
        "torch",
        "NaN or 0",
        "Rule 6 ends at second order",
    ),
    Limit(
        "Infinite cotangents: var; vector_norm of order 3 and the like at 0, atan2 at (0, 0), pow with the exponent 0",
        "all",
        "infinite or NaN; 0 or NaN",
        "Some kernels pull a cotangent back by sums and masks, where its product with the slope is NaN or infinite",
    ),
    Limit(
        "Cotangents so large that their product with the arguments overflows: hypot",
        "torch",
        "infinite, or NaN; its forward mode is right",
        "It multiplies with an argument before it divides by the result",
    ),
    Limit(
        "The values of expm1 and atanh of small numbers, in a compiled program",
        "torch",
        "an error of 1e-16, not a relative one: expm1(1e-8) has eight digits",
        "Inductor's vector code for them is exp(x) - 1 and half the logarithm of a quotient; a series near 0 takes "
        "2.6 times as long for expm1",
    ),
    Limit(
        "Compositions that XLA simplifies: log(exp(x)), exp(x) * exp(-x), sqrt(x**2), where an inner value overflows",
        "JAX, TensorFlow",
        "the derivative of the simpler expression, eager that of each function",
        "Its algebra comes after differentiation",
    ),
    Limit(
        'arrays="native"',
        "all",
        "the framework's own derivatives",
        "That is its purpose: the last columns of the table above",
    ),
)
