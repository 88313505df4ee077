"""compare on one function: backends that agree and are right pass, and one that differs is named with the reason."""

import json

import numpy as np
import pytest

import multigrad
from multigrad import _compare, convention, exercises, xp
from multigrad._compare._difference import difference, numbers
from multigrad._protocol import PrecisionSetting

FRAMEWORKS = ("torch", "jax", "tensorflow")


# Agreement


def test_right_functions_agree(backend, arrays):
    report = multigrad.compare(exercises.chain_rule, 2.0, backends=["numpy", backend], arrays=arrays)
    assert report.ok, str(report)
    report.raise_if_failed()
    assert [row.backend for row in report.rows] == ["numpy", backend]
    for row in report.rows:
        np.testing.assert_allclose([row.value, row.gradient], [np.sin(5.0), 4 * np.cos(5.0)], rtol=1e-14)
        assert row.seconds > 0
        assert row.seconds_again > 0
        assert (row.verdict, row.agrees, row.error) == ("right", True, None)
    assert report.explanations == ()
    assert "all agree, every gradient is right" in str(report)


def test_trees_float32_and_complex(backend):
    def f(p):
        return xp.sum(xp.exp(p["w"])) * abs(p["z"]) ** 2

    p = {"w": np.linspace(0, 1, 40, dtype=np.float32), "z": 1 + 2j}
    report = multigrad.compare(f, p, backends=["numpy", backend])
    assert report.ok, str(report)
    assert report.rows[1].check.dtype in ("float32", "complex64")
    assert report.rows[1].gradient["z"].dtype == np.complex64
    assert [leaf.path for leaf in report.rows[1].gradient_leaves] == ["p['w']", "p['z']"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_is_taken(backend, dtype):
    report = multigrad.compare(lambda x: xp.sum(xp.sin(x)), np.arange(5.0), backends=[backend], dtype=dtype)
    assert report.ok, str(report)
    assert report.rows[0].gradient.dtype == dtype
    np.testing.assert_allclose(report.rows[0].gradient, np.cos(np.arange(5.0)), rtol=1e-6)


def test_several_arguments_have_their_names(backend):
    def f(a, scale, b):
        return scale * xp.sum(a * b)

    a, b = np.asarray([1.0, 2.0]), np.asarray([3.0, 4.0])
    report = multigrad.compare(f, a, 2.0, b, backends=["numpy", backend], argnums=(2, 0))
    assert report.ok, str(report)
    assert [leaf.path for leaf in report.rows[1].gradient_leaves] == ["b", "a"]
    np.testing.assert_allclose(report.rows[1].gradient[0], 2 * a)
    named = multigrad.compare(f, a, 2.0, b, backends=["numpy", backend], argnums=1, argnames=("b", "a"))
    assert [leaf.path for leaf in named.rows[1].gradient_leaves] == ["scale", "b", "a"]
    np.testing.assert_allclose(named.rows[1].gradient[1]["a"], 2 * b)


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_compiled_is_right_as_well(backend):
    report = multigrad.compare(lambda x: xp.sum(xp.tanh(x) ** 2), np.arange(3.0), backends=[backend], compiled=True)
    assert report.ok, str(report)
    assert "compiled" in {entry.check for entry in report.rows[0].check.entries}


def test_long_float32_sum_is_no_difference(backend):
    x = np.linspace(0, 30, 20000, dtype=np.float32)
    report = multigrad.compare(lambda x: xp.sum(xp.sin(x) * x), x, backends=["numpy", backend])
    assert report.ok, str(report)


# Differences


def test_a_backend_with_another_derivative_is_named(backend):
    def f(x):
        return x * multigrad.stop_gradient(x) if x.backend == backend else x * x

    report = multigrad.compare(f, 3.0, backends=[backend])
    assert (report.ok, report.rows[0].verdict) == (False, "wrong")
    assert f"not ok on {backend}" in str(report) or "all agree, but" in str(report)
    assert "found 3, expected 6" in str(report)
    assert "u1 = stop_gradient(x)" in str(report)
    assert "test_compare.py" in str(report)
    with pytest.raises(AssertionError, match="found 3, expected 6"):
        report.raise_if_failed()


@pytest.mark.backends(*FRAMEWORKS)
def test_a_backend_with_another_value_is_named(backend):
    report = multigrad.compare(lambda x: x**3 * (1 + 1e-9 * (x.backend == backend)), 2.0, backends=["numpy", backend])
    assert [row.ok for row in report.rows] == [True, False]
    row = report.rows[1]
    assert row.reference == "numpy"
    assert row.value_difference.absolute == pytest.approx(8e-9, rel=1e-6)
    assert row.value_difference.relative == pytest.approx(1e-9, rel=1e-6)
    assert row.value_difference.ulps == pytest.approx(1e-9 * 2**52, rel=1e-6)
    assert row.gradient_difference.relative == pytest.approx(1e-9, rel=1e-6)
    assert f"{backend}: value differs from that on numpy by 4.5e+06 ulps" in str(report)
    assert "right, but differs" in str(report)
    assert "2 of 2 leaves differ" in str(report)
    assert [culprit.operation for culprit in row.localization.culprits] == ["multiply"]


@pytest.mark.backends(*FRAMEWORKS)
def test_the_reference_is_a_right_backend(backend):
    """One that is wrong makes no other one look different."""

    def f(x):
        return x * multigrad.stop_gradient(x) if x.backend == "numpy" else x * x

    report = multigrad.compare(f, 3.0, backends=["numpy", backend])
    assert [row.ok for row in report.rows] == [False, True]
    assert report.rows[0].reference == backend


def test_the_leaf_that_differs_is_named(backend):
    def f(p):
        return p["a"] ** 2 + xp.sum(p["b"] * (1 + 1e-6 * (p["a"].backend == backend) * np.asarray([0.0, 1.0])))

    report = multigrad.compare(f, {"a": 3.0, "b": np.asarray([1.0, 2.0])}, backends=[backend])
    other = numbers({"a": np.asarray(6.0), "b": np.asarray([1.0, 1.0])}, "p")
    found = difference(report.rows[0].gradient_leaves, other, "gradient")
    assert [leaf.ok for leaf in found.leaves] == [True, False]
    assert found.leaves[1].place == "p['b'][1]"
    assert found.leaves[1].relative == pytest.approx(1e-6, rel=1e-5)


def test_a_backend_that_raises_is_a_row(backend):
    def f(x):
        if x.backend == backend:
            raise ValueError("no such luck")
        return x**2

    report = multigrad.compare(f, 2.0, backends=[backend])
    assert (report.ok, report.rows[0].verdict) == (False, "error")
    assert report.rows[0].error.startswith("ValueError: no such luck (test_compare.py:")
    assert f"{backend}: ValueError: no such luck" in str(report)


def test_a_value_that_leaves_is_a_verdict(backend):
    report = multigrad.compare(lambda x: x * float(x), 2.0, backends=[backend])
    assert (report.ok, report.rows[0].verdict) == (False, "left the computation")
    assert "DetachedValueError" in str(report)


def test_interruption_passes(backend):
    calls = []

    def f(x):
        calls.append(x)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        multigrad.compare(f, 2.0, backends=[backend])
    assert len(calls) == 1
    assert multigrad.compare(lambda x: x**2, 2.0, backends=[backend]).ok


def test_nan_on_every_backend_is_not_ok(backend):
    report = multigrad.compare(xp.log, -1.0, backends=["numpy", backend])
    assert not report.ok
    assert report.rows[1].value_difference.not_finite == 0
    assert report.rows[1].verdict == "not finite"
    json.dumps(report.to_dict(), allow_nan=False)


# The convention


def test_a_kink_is_explained_by_its_rule(backend):
    def f(x):
        return xp.sum(abs(x)) + xp.maximum(x[0], x[1])

    report = multigrad.compare(f, np.asarray([0.0, 0.0, -3.0]), backends=["numpy", backend])
    assert {row.verdict for row in report.rows} == {"kink"}
    assert all(row.agrees for row in report.rows)
    assert [(one.operation, one.rule, one.reason) for one in report.explanations] == [
        ("abs", 2, "symmetric kink"),
        ("maximum", 2, "a tie"),
    ]
    assert all("test_compare.py" in one.source for one in report.explanations)
    assert "all agree, but the gradient is not shown to be right: kink" in str(report)
    assert "rule 2 of the convention (Kink: symmetric kink) gives 0" in str(report)
    assert "on the left and" in str(report)


@pytest.mark.needs("jax")
def test_native_operators_that_disagree_are_explained():
    report = multigrad.compare(
        lambda x: xp.sum(abs(x)), np.asarray([0.0, 2.0]), backends=["numpy", "jax"], arrays="native"
    )
    assert [row.agrees for row in report.rows] == [True, False]
    np.testing.assert_allclose(report.rows[1].gradient, [1.0, 1.0])
    (one,) = report.explanations
    assert (one.operation, one.native, one.form) == ("abs", {"jax": "1"}, "native")
    assert "kink, differs" in str(report)
    assert 'arrays="native" keeps the framework\'s own: jax 1.' in str(report)


@pytest.mark.needs("tensorflow")
def test_namespace_functions_on_native_arrays_are_not_blamed():
    report = multigrad.compare(
        lambda x: xp.sum(xp.maximum(x, 0.0)), np.asarray([0.0, 2.0]), backends=["numpy", "tensorflow"], arrays="native"
    )
    assert all(row.agrees for row in report.rows)
    assert report.explanations == ()


@pytest.mark.parametrize(
    ("f", "point", "operation", "rule"),
    [
        (lambda x: xp.sum(xp.clip(x, -1.0, 2.5)), [2.5, 0.0], "clip", 2),
        (lambda x: xp.linalg.det(x), [[2.0, 4.0], [1.0, 2.0]], "det", 6),
        (lambda x: xp.std(x) + xp.sum(x), [3.0, 3.0], "std", 2),
        (lambda x: xp.linalg.vector_norm(x), [0.0, 0.0], "vector_norm", 2),
        (lambda x: xp.sum(xp.sqrt(x)), [0.0, 4.0], "sqrt", 4),
        (lambda x: xp.sum(xp.log1p(x)), [-3.0, 4.0], "log1p", 4),
        (lambda x: xp.sum(xp.sort(x, descending=True) * xp.asarray([1.0, 2.0, 3.0])), [2.0, 2.0, 1.0], "sort", 2),
        (lambda x: xp.sum(xp.cumulative_prod(x)), [2.0, 0.0, 3.0], "cumulative_prod", 6),
    ],
)
def test_points_that_the_convention_decides_are_found(f, point, operation, rule):
    assert rules_at(f, point) == [(operation, rule)]


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (lambda x: xp.sum(xp.clip(x, -1.0, 2.5)), [2.0, 0.0]),
        (lambda x: xp.linalg.det(x), [[2.0, 4.0], [1.0, 3.0]]),
        (lambda x: xp.std(x), [3.0, 4.0]),
        (lambda x: xp.sum(xp.log1p(x)), [-0.5, 4.0]),
        (lambda x: xp.sum(abs(x) + xp.maximum(x, 0.5) + xp.sort(x)), [-0.5, 4.0]),
        (lambda x: xp.sum(xp.cumulative_prod(x) + x**3), [2.0, 1.0, 3.0]),
    ],
)
def test_smooth_points_are_not_explained(f, point):
    assert rules_at(f, point) == []


def rules_at(f, point):
    from multigrad._compare._convention import explanations
    from multigrad._graph import record

    recording = record(f, (np.asarray(point),), backend="numpy")
    return [(one.operation, one.rule) for one in explanations(recording, FRAMEWORKS, "standard")]


@pytest.mark.parametrize(
    "row", [row for row in convention.ROWS if row.expression is None and row.rule == 2], ids=lambda row: row.name
)
def test_every_kink_of_the_convention_is_recognized_at_its_own_point(row):
    from multigrad._compare._convention import explanations
    from multigrad._graph import record

    point = tuple(np.asarray(value) for value in row.point)
    recording = record(lambda *xs: row.evaluate(xp, *xs), point, backend="numpy")
    assert row.reason in [one.reason for one in explanations(recording, FRAMEWORKS, "standard")]


# Differences of trees


def compared(x, y):
    return difference(numbers(x, "g"), numbers(y, "g"), "gradient")


def test_differences_of_trees():
    first = {"a": np.array([1.0, 2.0]), "b": np.array([np.nan, 4.0])}
    assert compared(first, first).ok
    assert compared(first, first).absolute == 0
    second = {"a": np.array([1.0, 2.5], dtype=np.float32), "b": np.array([[0.0, 4.0]])}
    found = compared(second, first)
    assert found.absolute == 0.5
    assert found.mismatches == (
        "g['a'] has dtype float32 instead of float64",
        "g['b'] has shape (1, 2) instead of (2,)",
    )
    third = {"a": np.array([np.inf, 2.0]), "b": np.array([np.nan, np.nan])}
    found = compared(third, first)
    assert (found.not_finite, found.ok) == (2, False)
    assert [leaf.place for leaf in found.leaves] == ["g['a'][0]", "g['b'][1]"]
    assert not compared(first["a"], first).ok


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_few_roundings_are_no_difference(dtype):
    eps = np.finfo(dtype).eps
    x = np.asarray([1.0, 2.0], dtype=dtype)
    assert compared(x, np.asarray([1 + 4 * eps, 2.0], dtype=dtype)).ok
    assert not compared(x, np.asarray([1 + 1000 * eps, 2.0], dtype=dtype)).ok


# The report


def test_default_is_every_installed_backend(monkeypatch):
    monkeypatch.setattr(_compare._registry, "known_names", lambda: ["numpy"])
    assert [row.backend for row in multigrad.compare(lambda x: x**2, 2.0).rows] == ["numpy"]


def test_unknown_backend_is_bad_usage():
    with pytest.raises(multigrad.UnknownBackendError, match="Did you mean 'torch'"):
        multigrad.compare(lambda x: x, 1.0, backends=["pytorch"])


def test_argument_that_is_not_there_is_bad_usage():
    with pytest.raises(multigrad.ArgumentSelectionError, match="out of range"):
        multigrad.compare(lambda x: x, 1.0, backends=["numpy"], argnums=3)


def test_html_shows_every_backend(backend):
    page = multigrad.compare(exercises.chain_rule, 2.0, backends=["numpy", backend])._repr_html_()
    assert page.count("<tr>") == 3
    assert f"<td>{backend}</td>" in page
    assert "1.1346487" in page
    assert ">right</strong>" in page
    assert "http" not in page


def test_html_is_escaped(backend):
    page = multigrad.compare(lambda p: abs(p["<w>"]) ** 0.5, {"<w>": 0.0}, backends=[backend])._repr_html_()
    assert "&lt;w&gt;" in page
    assert "<w>" not in page


def test_verdicts_have_the_color_of_their_meaning(backend):
    good = multigrad.compare(lambda x: x**2, 2.0, backends=[backend])._repr_html_()
    undecided = multigrad.compare(abs, 0.0, backends=[backend])._repr_html_()
    bad = multigrad.compare(lambda x: x * multigrad.stop_gradient(x), 2.0, backends=[backend])._repr_html_()
    colors = [page.partition('<strong style="color: ')[2][:7] for page in (good, undecided, bad)]
    assert len(set(colors)) == 3
    assert all(color.startswith("#") for color in colors)
    differs = multigrad.compare({backend: lambda w: w**2, f"{backend}:new": lambda w: w**3}, 2.0)._repr_html_()
    assert f'<strong style="color: {colors[2]}">right, but differs</strong>' in differs


# Precision settings


@pytest.mark.backends(*FRAMEWORKS)
def test_reduced_precision_is_reported_for_float32(backend, monkeypatch):
    def f(x):
        return xp.sum(x @ x)

    x = np.eye(3, dtype=np.float32)
    plain = multigrad.compare(f, x, backends=[backend])
    (setting,) = plain.rows[0].precision
    assert (setting.is_reduced, bool(setting.name), bool(setting.value)) == (False, True, True)
    assert "lose digits" not in str(plain)
    reduced = PrecisionSetting("the setting", "fast", True)
    monkeypatch.setattr(type(multigrad.get_backend(backend)), "matmul_precision", lambda self, device: (reduced,))
    assert "may lose digits: the setting is fast" in str(multigrad.compare(f, x, backends=[backend]))
    assert "lose digits" not in str(multigrad.compare(f, x.astype(np.float64), backends=[backend]))
    assert multigrad.compare(f, x, backends=[backend]).to_dict()["rows"][0]["precision"] == [reduced._asdict()]


@pytest.mark.needs("torch")
def test_torch_setting_is_read():
    import torch

    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        (setting,) = multigrad.get_backend("torch").matmul_precision("cpu")
    finally:
        torch.set_float32_matmul_precision(before)
    assert (setting.value, setting.is_reduced) == ("medium", True)


@pytest.mark.needs("jax")
def test_jax_setting_is_read():
    import jax

    backend = multigrad.get_backend("jax")
    with jax.default_matmul_precision("bfloat16"):
        (setting,) = backend.matmul_precision("cpu")
    assert (setting.value, setting.is_reduced) == ("bfloat16", True)
    assert [backend.matmul_precision(device)[0].is_reduced for device in ("cpu", "gpu:0")] == [False, True]


@pytest.mark.needs("tensorflow")
def test_tensorflow_setting_is_read():
    backend = multigrad.get_backend("tensorflow")
    assert [backend.matmul_precision(device)[0].is_reduced for device in ("cpu", "gpu:0", "cuda")] == [
        False,
        True,
        True,
    ]
