"""Complex numbers: the pairing Re⟨ct, J t⟩ = Re⟨pullback(ct), t⟩ of convention 8, in first and second order."""

import pytest

from .cases import COMPLEX_CASES, NOT_HOLOMORPHIC, ONE_ARGUMENT, TWO_ARGUMENTS, W, Z
from .checks import NUMPY, check_along, check_forward

pytestmark = pytest.mark.needs("numpy")  # the engine runs on NumPy alone: once


@pytest.mark.parametrize("name", TWO_ARGUMENTS + ONE_ARGUMENT + NOT_HOLOMORPHIC)
def test_functions_of_complex_numbers(name):
    primals = (Z, W) if name in TWO_ARGUMENTS else (Z,)
    check_along(NUMPY, getattr(NUMPY, name), primals)
    check_forward(NUMPY, getattr(NUMPY, name), primals)


@pytest.mark.parametrize(
    ("f", "primals"),
    [pytest.param(*case, id=f"{name}-{i}") for name, cases in COMPLEX_CASES.items() for i, case in enumerate(cases)],
)
def test_complex_rules(f, primals):
    check_along(NUMPY, f, primals)
    check_forward(NUMPY, f, primals)


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "pow"])
def test_a_real_operand_beside_a_complex_one_has_a_real_gradient(name):
    function = getattr(NUMPY, name)
    check_along(NUMPY, function, (Z.real, W))
    check_along(NUMPY, function, (Z, W.real))
