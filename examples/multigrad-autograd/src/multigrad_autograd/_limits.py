"""What autograd does not do, clause by clause of the conformance kit, each with the reason."""

_NO_RULE = "autograd has no derivative of this function of NumPy"
_NAN = "autograd compares with NumPy, where NaN wins no comparison and gets no gradient"
_DOMAIN = "autograd evaluates the formula of the derivative outside the function's domain too"
_ZERO = "autograd's formula is 0/0 there"
_SINGULAR = "NumPy raises for a matrix outside the domain"

LIMITS = {
    "*: assignment": "autograd's arrays cannot be assigned to",
    "convention: nextafter*": _NO_RULE,
    "convention: vector_norm*": _NO_RULE,
    "convention: *cumulative_prod*": _NO_RULE,
    "convention: *eigvalsh*": _NO_RULE,
    "convention: *svdvals*": _NO_RULE,
    "convention: weighted descending sort*": "NumPy sorts in ascending order only",
    "convention: maximum at *nan*": _NAN,
    "convention: minimum at *nan*": _NAN,
    "convention: clip at nan*": _NAN,
    "convention: clip at 1.0, 1.0, 1.0": "clip is composed of maximum and minimum, each of which halves at a tie",
    "convention: log at -*": _DOMAIN,
    "convention: log2 at -0.0": _DOMAIN,
    "convention: log10 at -0.0": _DOMAIN,
    "convention: log1p at -2.0": _DOMAIN,
    "convention: log'(x) at -*": _DOMAIN,
    "convention: atanh at 2.0": _DOMAIN,
    "convention: atanh'(x) at 2.0": _DOMAIN,
    "convention: acosh at -*": _DOMAIN,
    "convention: remainder at 1.0, 0.1": "the floor of its slope is that of the rounded quotient, 10; the value has 9",
    "convention: prod at *0.0, 4.0]": _ZERO,
    "convention: prod at *nan*": _ZERO,
    "convention: prod([x, 0, 3])'*": _ZERO,
    "convention: prod'(x)*": _ZERO,
    "convention: hypot at 0.0, 0.0": _ZERO,
    "convention: hypot(x, 0)'*": _ZERO,
    "convention: atan2 at 0.0, 0.0": _ZERO,
    "convention: std at [2.0, 2.0, 2.0]": _ZERO,
    "convention: std at [0.1, 0.1, 0.1]": "the mean is not quite 0.1, and autograd divides rounding by rounding",
    "convention: std'(x)*": _ZERO,
    "convention: x**0 at nan": _ZERO,
    "convention: x**1.5 at -inf": "NumPy's square root of -inf by power is NaN, and autograd's formula takes it",
    "convention: pow at nan, 0.0": _ZERO,
    "convention: pow at 0.0, -1.0": _ZERO,
    "convention: linalg.det at *": _SINGULAR,
    "convention: slogdet(X)[1]*": _SINGULAR,
    "convention: linalg.inv at *": _SINGULAR,
    "convention: linalg.cholesky at *": _SINGULAR,
    "convention: linalg.solve at *": _SINGULAR,
    "convention: real(asin(z))*": "autograd's derivative of a complex asin takes the other side of the branch cut",
    "convention: real(sign(z)) at (3+4j)": "autograd takes sign for flat, also where it is complex",
    "convention: real(slogdet(Z)[0])*": "autograd takes the sign of a determinant for flat, also where it is complex",
}
