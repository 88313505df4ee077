"""The census under the compilers: one program per function, which gives the gradients at all its points."""

import pytest

from .batches import compiled
from .case import disagreements
from .census import FUNCTIONS

pytestmark = [
    # Every program is another function of the same code, and meant to be.
    pytest.mark.filterwarnings("ignore:.*functions made by the code at"),
    # Inside torch's own decompositions (2.13).
    pytest.mark.filterwarnings("ignore:.torch._prims_common.check. is deprecated:FutureWarning"),
]
# torch's compiler takes some ten seconds per function: what is overridden by composition, and a few of each other kind.
QUICK = (
    "abs", "sqrt", "log", "log1p", "maximum", "minimum", "clip", "hypot", "atan2", "copysign", "logaddexp", "pow",
    "sign", "divide", "prod", "cumulative_prod", "std", "max", "sort", "where", "linalg.vector_norm", "linalg.det",
    "linalg.inv", "linalg.eigvalsh", "fft.fft",
)  # fmt: skip
# What make_fx (torch 2.13) does not trace: the derivative of a complex svdvals looks at its values, that of qr writes
# to a view.
UNTRACEABLE = ("linalg.svdvals", "linalg.matrix_norm", "linalg.qr")


def check(function, backend):
    cases = FUNCTIONS[function]
    found = compiled(cases, backend)
    wrong = {case.name: sentences for case in cases if (sentences := disagreements(case, found[case.name]))}
    assert wrong == {}


@pytest.mark.backends("jax", "tensorflow")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_one_program_gives_all_gradients(function, backend):
    check(function, backend)


@pytest.mark.backends("torch")
@pytest.mark.parametrize("function", QUICK)
def test_one_program_gives_all_gradients_of_what_is_overridden(function, backend):
    check(function, backend)


@pytest.mark.full
@pytest.mark.backends("torch")
@pytest.mark.parametrize("function", [name for name in FUNCTIONS if name not in (*QUICK, *UNTRACEABLE)])
def test_one_program_gives_all_gradients_of_the_rest(function, backend):
    check(function, backend)


@pytest.mark.full
@pytest.mark.backends("torch")
@pytest.mark.parametrize("function", UNTRACEABLE)
def test_what_cannot_be_traced_says_so(function, backend):
    with pytest.raises(Exception, match=r"values|allclose|mutation"):
        check(function, backend)


@pytest.mark.full
@pytest.mark.backends("torch", "jax", "tensorflow")
@pytest.mark.parametrize("case", [case for cases in FUNCTIONS.values() for case in cases], ids=lambda case: case.name)
def test_a_program_of_its_own_gives_the_gradient(case, backend):
    assert disagreements(case, compiled([case], backend)[case.name]) == []
