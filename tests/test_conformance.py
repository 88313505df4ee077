"""The conformance kit on every backend, and the kit itself against planted bugs."""

import functools
import re

import numpy as np
import pytest

import multigrad
from multigrad import _derive
from multigrad.extend import FiniteDifferenceBackend, SupportsGradient
from multigrad.testing import CLAUSES, MUTANTS, check_backend

BY_NAME = {clause.name: clause for clause in CLAUSES}
PLANTED = [pytest.param(mutant, name, id=f"{mutant.name}-{name}") for mutant in MUTANTS for name in mutant.clauses]
# Differences of differences of differences keep too few digits.
COARSE = {"third_order": "three nested differences keep too few digits"}


class Complete:
    """A backend with the direct gradient, made of its vjp where it does not offer it."""

    def __init__(self, right):
        for name in dir(right):
            if not name.startswith("_"):
                setattr(self, name, getattr(right, name))
        self.value_and_gradient = functools.partial(_derive.value_and_gradient, right)


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.name)
def test_every_clause_holds(backend, clause):
    clause.run(Complete(multigrad.get_backend(backend)))


def test_report_of_a_right_backend(backend):
    report = check_backend(backend)
    assert report.ok, str(report)
    # The one capability that is an optimization; a built-in backend must offer all others.
    missing = set() if isinstance(multigrad.get_backend(backend), SupportsGradient) else {"direct_gradient_agrees"}
    assert set(report.excluded) == missing
    assert {clause.name for clause in report.passed} == set(BY_NAME) - missing
    assert str(report).startswith(f"Backend {backend!r}: {len(report.passed)} of {len(report.passed)} clauses hold")
    assert report.raise_if_failed() is None


@pytest.mark.parametrize(("mutant", "name"), PLANTED)
def test_planted_bug_is_caught(backend, mutant, name):
    broken = mutant.of(Complete(multigrad.get_backend(backend)))
    # The bug's own error where the clause calls what raises; else the clause's statement.
    with pytest.raises((AssertionError, multigrad.MultigradError, RuntimeError, TypeError, ValueError)):
        BY_NAME[name].run(broken)


def test_every_clause_has_a_planted_bug():
    caught = {name for mutant in MUTANTS for name in mutant.clauses}
    assert caught <= set(BY_NAME)
    # A result on the wrong device takes two devices.
    assert set(BY_NAME) - caught == {"devices_are_kept"}


def test_every_law_that_is_free_of_frameworks_has_a_clause():
    assert {clause.law for clause in CLAUSES} == {0, 1, 2, 3, 4, 5, 7, 8}
    assert len(BY_NAME) == len(CLAUSES)
    assert all(clause.requirement.endswith(".") for clause in CLAUSES)


def namespace(name):
    import array_api_strict

    return {"numpy": np, "array_api_strict": array_api_strict}[name]


@pytest.mark.parametrize("name", ["numpy", "array_api_strict"])
def test_finite_differences_pass_within_their_accuracy(name):
    report = check_backend(FiniteDifferenceBackend("differences", namespace(name)), rtol=1e-7, exclude=COARSE)
    assert report.ok, str(report)
    absent = {"recording_is_told", "stopped_values_are_constants", "direct_gradient_agrees"}
    assert set(report.excluded) == absent | set(COARSE)
    assert report.excluded["third_order"] == COARSE["third_order"]
    assert report.excluded["recording_is_told"] == "the backend does not offer SupportsRecording"


def test_finite_differences_fail_at_full_accuracy():
    report = check_backend(FiniteDifferenceBackend())
    assert {"second_order", "third_order"} <= {failure.clause.name for failure in report.failures}
    assert "outputs_in_order" in {clause.name for clause in report.passed}


def test_report_of_a_wrong_backend(backend):
    (mutant,) = [mutant for mutant in MUTANTS if mutant.name == "swapped_cotangents"]
    report = check_backend(mutant.of(multigrad.get_backend(backend)))
    assert not report.ok
    failures = {failure.clause.name: failure for failure in report.failures}
    assert "cotangents_in_order" in failures
    assert "second_order" not in failures
    text = str(report)
    assert "FAILED    cotangents_in_order (law 1): The pullback takes one cotangent per output" in text
    assert "Expected the gradient to be [-2.0, -4.0], got [-2.0, -7.0]." in text
    with pytest.raises(AssertionError, match=re.escape("cotangents_in_order (law 1)")) as caught:
        report.raise_if_failed()
    assert caught.value.__cause__ is report.failures[0].error


def test_error_of_the_backend_is_reported_with_its_type():
    class Refusing(FiniteDifferenceBackend):
        def vjp(self, f, primals, /, *, reusable=True):
            raise NotImplementedError("no derivatives on Sundays")

    report = check_backend(Refusing())
    assert {clause.law for clause in report.passed} == {0}
    assert "NotImplementedError: no derivatives on Sundays" in str(report)


def test_excluded_clause_is_not_run():
    (mutant,) = [mutant for mutant in MUTANTS if mutant.name == "flattened"]
    wrong = mutant.of(multigrad.get_backend("numpy"))
    failing = {failure.clause.name for failure in check_backend(wrong).failures}
    assert "shapes_are_kept" in failing
    report = check_backend(wrong, exclude=dict.fromkeys(failing, "known"))
    assert report.ok
    assert "not run   shapes_are_kept: known" in str(report)


@pytest.mark.parametrize(
    ("exclude", "message"),
    [
        ({"second_ordr": "typo"}, "got 'second_ordr'. Did you mean 'second_order'?"),
        ({"second_order": ""}, "Expected a reason for the exclusion of 'second_order', got ''"),
        ({"second_order": None}, "Expected a reason for the exclusion of 'second_order', got None"),
    ],
)
def test_exclusions_are_checked(exclude, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        check_backend("numpy", exclude=exclude)


def test_backend_that_lacks_a_member_is_refused():
    class Half:
        name = "half"
        xp = np

    with pytest.raises(multigrad.BackendBrokenError, match=r"it lacks is_array, device, .*, vjp"):
        check_backend(Half())
