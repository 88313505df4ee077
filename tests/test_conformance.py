"""The conformance kit on every backend, and the kit itself against planted bugs."""

import functools
import re
from pathlib import Path

import numpy as np
import pytest

import multigrad
from multigrad import _derive, _registry
from multigrad.extend import FiniteDifferenceBackend, SupportsCompile, SupportsGradient
from multigrad.testing import CLAUSES, GROUPS, MUTANTS, Clause, check_backend
from multigrad.testing._mutants._table import table

BY_NAME = {clause.name: clause for clause in CLAUSES}
CONTRACT = [clause for clause in CLAUSES if clause.group == "contract"]
PLANTED = [pytest.param(mutant, name, id=f"{mutant.name}-{name}") for mutant in MUTANTS for name in mutant.clauses]
# tests/operators and tests/convention run these on every backend, and what is compiled in fewer programs.
ELSEWHERE = {"operators": "in tests/operators", "convention": "in tests/convention"}
# Differences of differences of differences keep too few digits.
COARSE = {"third_order": "three nested differences keep too few digits"}


class Complete:
    """A backend with the direct gradient, made of its vjp where it does not offer it."""

    def __init__(self, right):
        for name in dir(right):
            if not name.startswith("_"):
                setattr(self, name, getattr(right, name))
        self.value_and_gradient = functools.partial(_derive.value_and_gradient, right)


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.name)
def test_every_clause_of_the_contract_holds(backend, clause):
    clause.run(Complete(multigrad.get_backend(backend)))


def test_report_of_a_right_backend(backend):
    report = check_backend(backend, exclude=ELSEWHERE)
    assert report.ok, str(report)
    # The one capability that is an optimization; a built-in backend must offer all others.
    missing = set() if isinstance(multigrad.get_backend(backend), SupportsGradient) else {"direct_gradient_agrees"}
    names = {clause.name for clause in CONTRACT}
    assert set(report.excluded) & names == missing
    assert {clause.name for clause in report.passed} == names - missing
    assert str(report).startswith(f"Backend {backend!r}: {len(report.passed)} of {len(report.passed)} clauses hold")
    assert report.raise_if_failed() is None


@pytest.mark.backends("numpy")
def test_the_whole_kit_holds(backend):
    report = check_backend(backend)
    assert report.ok, str(report)
    assert {clause.group for clause in report.passed} == set(GROUPS)
    assert {name.partition(":")[0] for name in report.excluded} == {
        "direct_gradient_agrees",
        "compiled gradient",
        "compiled convention",
    }


# A few of each family: a compiler takes seconds for each.
SOME = ("gradient: dict of arguments", "hessian: vector to scalar", "jvp: holomorphic", "custom_jvp: third order",
        "jit: scalar to vector", "compiled gradient: several arguments", "convention: abs at 0.0",
        "convention: maximum at 1.0, 1.0", "compiled convention: rule 2")  # fmt: skip


# The program of a clause is made anew in every call, which is meant.
@pytest.mark.filterwarnings("ignore:.*functions made by the code at")
@pytest.mark.backends("torch", "jax", "tensorflow")
@pytest.mark.parametrize("name", SOME)
def test_clauses_of_every_family_hold(backend, name):
    found = multigrad.get_backend(backend)
    assert isinstance(found, SupportsCompile)
    BY_NAME[name].run(found)


@pytest.mark.parametrize(("mutant", "name"), PLANTED)
def test_planted_bug_is_caught(backend, mutant, name):
    right = Complete(multigrad.get_backend(backend))
    if mutant.capability is not None and not isinstance(right, mutant.capability):
        # There is nothing to break; the clause says that it does not apply, or holds.
        assert not BY_NAME[name].applies_to(right) or BY_NAME[name].run(right) is None
        return
    # The bug's own error where the clause calls what raises; else the clause's statement.
    with pytest.raises((AssertionError, multigrad.MultigradError, RuntimeError, TypeError, ValueError)) as caught:
        BY_NAME[name].run(mutant.of(right))
    assert not isinstance(caught.value, multigrad.BackendBrokenError)


def test_every_clause_of_the_contract_has_a_planted_bug():
    caught = {name for mutant in MUTANTS for name in mutant.clauses}
    assert caught <= set(BY_NAME)
    # A result on the wrong device takes two devices.
    assert {clause.name for clause in CONTRACT} - caught == {"devices_are_kept"}


def test_planted_bugs_are_many_in_every_group():
    groups = [{BY_NAME[name].group for name in mutant.clauses} for mutant in MUTANTS]
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 20
    assert all(sum(group in found for found in groups) >= 10 for group in GROUPS)


def test_the_documentation_lists_the_planted_bugs():
    page = Path(__file__).parent.parent / "docs" / "testing.md"
    assert page.read_text(encoding="utf-8").rstrip().endswith(table(MUTANTS)), "see python -m multigrad.testing"


def test_every_law_has_a_clause():
    assert {clause.law for clause in CLAUSES} == set(range(9))
    assert len(BY_NAME) == len(CLAUSES)
    assert all(clause.requirement.endswith(".") for clause in CLAUSES)


def test_every_public_operator_has_clauses():
    operators = {clause.family.partition(" ")[0] for clause in CLAUSES if clause.group == "operators"}
    promised = "gradient value_and_gradient jacobian hessian hvp laplacian jvp vjp vmap jit custom_vjp custom_jvp"
    assert operators >= {*promised.split(), "checkpoint", "stop_gradient"}


def namespace(name):
    import array_api_strict

    return {"numpy": np, "array_api_strict": array_api_strict}[name]


@pytest.mark.parametrize("name", ["numpy", "array_api_strict"])
def test_finite_differences_pass_within_their_accuracy(name):
    backend = FiniteDifferenceBackend("differences", namespace(name))
    report = check_backend(backend, rtol=1e-7, exclude={**COARSE, **ELSEWHERE})
    assert report.ok, str(report)
    absent = {"recording_is_told", "stopped_values_are_constants", "direct_gradient_agrees"}
    assert {found for found in report.excluded if BY_NAME[found].group == "contract"} == absent | set(COARSE)
    assert report.excluded["third_order"] == COARSE["third_order"]
    assert report.excluded["recording_is_told"] == "the backend does not offer SupportsRecording"


def test_finite_differences_fail_at_full_accuracy():
    report = check_backend(FiniteDifferenceBackend(), exclude=ELSEWHERE)
    assert {"second_order", "third_order"} <= {failure.clause.name for failure in report.failures}
    assert "outputs_in_order" in {clause.name for clause in report.passed}


def test_report_of_a_wrong_backend(backend):
    (mutant,) = [mutant for mutant in MUTANTS if mutant.name == "swapped_cotangents"]
    report = check_backend(mutant.of(multigrad.get_backend(backend)), exclude=ELSEWHERE)
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


@pytest.mark.backends("numpy")
def test_all_failures_are_reported(backend):
    (contract, operators, convention) = [
        next(mutant for mutant in MUTANTS if mutant.name == name)
        for name in ("list_of_gradients", "rule_doubled", "abs__one_sided")
    ]
    broken = convention.of(operators.of(contract.of(multigrad.get_backend(backend))))
    report = check_backend(broken)
    failing = {failure.clause.name for failure in report.failures}
    assert {*contract.clauses, *operators.clauses, *convention.clauses} <= failing
    assert len(report.passed) + len(failing) + len(report.excluded) == len(CLAUSES)


def test_error_of_the_backend_is_reported_with_its_type():
    class Refusing(FiniteDifferenceBackend):
        def vjp(self, f, primals, /, *, reusable=True):
            raise NotImplementedError("no derivatives on Sundays")

    report = check_backend(Refusing())
    assert {clause.law for clause in report.passed if clause.group == "contract"} == {0}
    failing = {failure.clause.family for failure in report.failures}
    assert {"gradient", "vjp", "jvp", "jacobian forward", "jacobian reverse", "hessian", "convention"} <= failing
    assert "jit: scalar to vector" in {clause.name for clause in report.passed}
    assert "NotImplementedError: no derivatives on Sundays" in str(report)


def test_excluded_clause_is_not_run():
    (mutant,) = [mutant for mutant in MUTANTS if mutant.name == "flattened"]
    wrong = mutant.of(multigrad.get_backend("numpy"))
    failing = {failure.clause.name for failure in check_backend(wrong).failures}
    assert {"shapes_are_kept", "gradient: matrix to scalar"} <= failing
    report = check_backend(wrong, exclude=dict.fromkeys(failing, "known"))
    assert report.ok
    assert f"({len(failing)} clauses): known" in str(report)


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("third_order", ["third_order"]),
        ("convention: abs at 0.0", ["convention: abs at 0.0"]),
        ("*: empty vector", [name for name in BY_NAME if name.endswith(": empty vector")]),
        ("hessian", [name for name in BY_NAME if name.startswith("hessian:")]),
        ("contract", [clause.name for clause in CONTRACT]),
        ("convention: max at [2.0*", ["convention: max at [2.0, 1.0, 2.0]"]),
    ],
)
def test_exclusions_name_clauses_families_groups_and_patterns(key, names):
    everything = {group: "nothing else" for group in GROUPS if group != key}
    report = check_backend("numpy", exclude={key: "asked for", **everything})
    assert [name for name, reason in report.excluded.items() if reason == "asked for"] == names
    assert names


@pytest.mark.parametrize(
    ("exclude", "message"),
    [
        ({"second_ordr": "typo"}, "got 'second_ordr'. Did you mean 'second_order'?"),
        ({"*: no such scenario": "gone"}, "got '*: no such scenario'."),
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


def test_a_backend_under_test_is_registered_only_for_that_time():
    import array_api_strict

    backend = FiniteDifferenceBackend("passing_through", array_api_strict)
    seen = []

    def check(backend, rtol):
        found = multigrad.gradient(lambda x: multigrad.gradient(lambda y: x * y**2)(x), backend=backend)(3.0)
        seen.extend((_registry.get_backend("passing_through"), float(multigrad.to_numpy(found))))

    Clause("nested", 0, "Nested operators find it by its name.", check).run(backend)
    assert seen == [backend, pytest.approx(12.0, rel=1e-6)]
    assert "passing_through" not in _registry._loaded
    assert "passing_through" not in _registry._name_of_type.values()


def test_a_backend_under_test_stands_in_for_the_registered_one():
    right = multigrad.get_backend("numpy")
    seen = []

    def check(backend, rtol):
        seen.append(multigrad.get_backend("numpy"))
        raise AssertionError("on purpose")

    other = Complete(right)
    with pytest.raises(AssertionError, match="on purpose"):
        Clause("broken", 0, "Nothing remains after a failure.", check).run(other)
    assert seen == [other]
    assert multigrad.get_backend("numpy") is right
