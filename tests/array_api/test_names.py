"""Every name of the standard is there, with the standard's signature, and has a case; nothing else is."""

import inspect

import pytest

from .cases import ABOUT_DTYPES, CASES
from .signatures import CONSTANTS, DTYPES, EXTENSIONS, EXTRA_DTYPES, FFT, LINALG, MAIN

FUNCTIONS = {
    **MAIN,
    **{f"linalg.{name}": signature for name, signature in LINALG.items()},
    **{f"fft.{name}": signature for name, signature in FFT.items()},
}


def test_every_function_has_a_case():
    assert {*CASES, *ABOUT_DTYPES} == set(FUNCTIONS)


def test_the_namespace_has_the_names_of_the_standard(ns):
    assert len(ns.__all__) == len(set(ns.__all__))
    expected = {*MAIN, *CONSTANTS, *DTYPES, *EXTENSIONS}
    assert set(ns.__all__) - set(EXTRA_DTYPES) == expected
    assert sorted(ns.linalg.__all__) == sorted(LINALG)
    assert sorted(ns.fft.__all__) == sorted(FFT)
    for name in ns.__all__:
        assert hasattr(ns, name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signature(ns, name):
    owner, _, function = name.rpartition(".")
    found = inspect.signature(getattr(getattr(ns, owner) if owner else ns, function))
    expected = inspect.signature(eval(f"lambda {_arguments(FUNCTIONS[name])}: None"))
    assert _parameters(found) == _parameters(expected)


def _arguments(signature):
    # lambda takes no parentheses.
    return signature[1:-1]


def _parameters(signature):
    return [(one.name, one.kind, one.default) for one in signature.parameters.values()]
