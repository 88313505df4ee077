"""check_gradient: right ones pass, planted errors are found, and what cannot be decided is not called right."""

import json

import numpy as np
import pytest

import multigrad
from multigrad import cli, exercises, xp

CASES = [(exercise, inputs) for exercise in exercises.EXERCISES for inputs in exercise.inputs]
CASE_IDS = [f"{exercise.name}-{exercise.inputs.index(inputs) + 1}" for exercise, inputs in CASES]


def entries(report, check="reverse"):
    return [entry for entry in report.entries if entry.check == check]


def half(x):
    """Compute x², with the gradient of x: half of the right one."""
    return xp.sum(x * multigrad.stop_gradient(x))


@pytest.mark.parametrize(("exercise", "inputs"), CASES, ids=CASE_IDS)
def test_the_exercises_are_right(backend, dtype, exercise, inputs):
    arguments = [np.asarray(value) if isinstance(value, tuple) else value for value in inputs.values()]
    report = multigrad.check_gradient(
        exercise.function, *arguments, argnames=exercise.wrt, backend=backend, dtype=dtype
    )
    assert report.ok, str(report)
    assert (report.backend, report.dtype) == (backend, dtype)
    value, derivatives = exercise.answer(**inputs)
    rtol = {"float32": 1e-6, "float64": 1e-10}[dtype]  # float32: the point itself is rounded
    np.testing.assert_allclose(report.value, value, rtol=rtol)
    for check in ("reverse", "forward"):
        found = entries(report, check)
        assert [entry.path for entry in found] == list(exercise.wrt)
        np.testing.assert_allclose([entry.expected for entry in found], list(derivatives.values()), rtol=rtol)


def test_the_error_estimate_holds(backend):
    points = np.random.default_rng(3).uniform(-1.5, 1.5, 8)
    report = multigrad.check_gradient(lambda x: xp.sum(xp.exp(x) * xp.sin(3 * x)), points, backend=backend)
    truth = np.exp(points) * (np.sin(3 * points) + 3 * np.cos(3 * points))
    for entry, exact in zip(entries(report), truth, strict=True):
        assert abs(entry.expected - exact) <= 10 * entry.error_estimate <= 1e-7


def test_paths_name_leaf_and_index(backend):
    def f(params, scale):
        return scale * xp.sum(params["w"] ** 2) + params["b"][0] * params["m"][1, 0]

    params = {"w": np.array([1.0, 2.0, 3.0]), "b": [0.5], "m": np.eye(2)}
    report = multigrad.check_gradient(f, params, 2.0, argnums=(0, 1), backend=backend)
    assert report.ok, str(report)
    paths = {entry.path: entry.expected for entry in entries(report)}
    assert set(paths) == {
        *(f"params['w'][{i}]" for i in range(3)),
        "params['b'][0]",
        *(f"params['m'][{i}, {j}]" for i in range(2) for j in range(2)),
        "scale",
    }
    assert paths["params['w'][2]"] == pytest.approx(12.0)
    assert paths["scale"] == pytest.approx(14.0)


@pytest.mark.parametrize("selection", [{"argnames": ("b", "a")}, {"argnums": 0, "argnames": "b"}, {"argnums": (1, 0)}])
def test_any_selection_of_arguments(backend, selection):
    report = multigrad.check_gradient(lambda a, b=3.0: a**2 * b, 2.0, backend=backend, **selection)
    assert report.ok, str(report)
    assert {entry.path: round(entry.found, 9) for entry in entries(report)} == {"a": 12.0, "b": 4.0}


def test_complex_arguments_are_checked_in_both_parts(backend, arrays):
    report = multigrad.check_gradient(lambda z: abs(z) ** 2, 1.0 - 2.0j, backend=backend, arrays=arrays)
    assert report.ok, str(report)
    assert [entry.path for entry in entries(report)] == ["z.real", "z.imag"]
    np.testing.assert_allclose([entry.expected for entry in entries(report)], [2.0, -4.0], rtol=1e-9)


def test_many_elements_are_checked_in_seeded_directions(backend):
    x = np.linspace(-1, 1, 60).reshape(6, 10)
    first, again, other = (
        multigrad.check_gradient(lambda x: xp.sum(xp.tanh(x) ** 2), x, backend=backend, seed=seed) for seed in (0, 0, 1)
    )
    assert first.ok, str(first)
    assert [entry.path for entry in entries(first)] == [f"direction {i}" for i in range(8)]
    assert first.to_dict() == again.to_dict() != other.to_dict()


def test_a_planted_error_is_wrong(backend, dtype):
    report = multigrad.check_gradient(half, np.array([3.0, 5.0]), backend=backend, dtype=dtype)
    assert report.verdict == "wrong"
    assert [(entry.path, entry.found, round(entry.expected, 6)) for entry in entries(report)] == [
        ("x[0]", 3.0, 6.0),
        ("x[1]", 5.0, 10.0),
    ]
    with pytest.raises(AssertionError, match=r"x\[1\] +5 +10"):
        report.raise_if_failed()


def test_a_planted_error_among_many_elements_is_wrong(backend):
    def f(x):
        return xp.sum(x**3) + half(x[17])

    assert multigrad.check_gradient(f, np.linspace(1, 2, 50), backend=backend).verdict == "wrong"


def test_a_relative_error_of_1e_4_is_found(backend):
    def f(x):
        return xp.sum(xp.sin(x)) + 1e-4 * half(x[1])

    report = multigrad.check_gradient(f, np.array([0.3, 0.7, 1.1]), backend=backend)
    assert [entry.verdict for entry in entries(report)] == ["right", "wrong", "right"]
    assert str(report).index("x[1]") < str(report).index("x[0]")


def test_near_a_kink_the_slope_of_this_side_counts(backend):
    report = multigrad.check_gradient(lambda x: xp.sum(abs(x)), np.array([1e-3, -2.0, 1.0]), backend=backend)
    assert report.ok, str(report)


def test_one_element_that_is_not_finite_does_not_hide_the_others(backend):
    report = multigrad.check_gradient(lambda x: xp.sum(xp.sqrt(x)), np.array([0.0, 4.0]), backend=backend)
    assert [entry.verdict for entry in entries(report)] == ["not finite", "right"]


def test_an_infinite_gradient_is_not_finite(backend):
    assert multigrad.check_gradient(xp.sqrt, 0.0, backend=backend).verdict == "not finite"


def test_unused_arguments_are_right(backend):
    report = multigrad.check_gradient(lambda x, y: x**2, 2.0, 3.0, argnums=(0, 1), backend=backend)
    assert [(entry.found, entry.verdict) for entry in entries(report)] == [(4.0, "right"), (0.0, "right")]


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_bfloat16_has_its_own_tolerance(backend):
    report = multigrad.check_gradient(lambda x: xp.sum(x**2), np.array([1.3, 2.7]), backend=backend, dtype="bfloat16")
    assert report.ok, str(report)
    assert multigrad.check_gradient(half, np.array([1.3, 2.7]), backend=backend, dtype="bfloat16").verdict == "wrong"


def test_nothing_is_changed(backend):
    x = np.array([1.0, 2.0])
    multigrad.check_gradient(lambda x: xp.sum(x**2), x, backend=backend)
    assert x.tolist() == [1.0, 2.0]


def test_html_is_escaped_and_has_every_number(backend):
    page = multigrad.check_gradient(lambda p: p["<w>"] ** 2, {"<w>": 3.0}, backend=backend)._repr_html_()
    assert "&lt;w&gt;" in page
    assert "<w>" not in page
    assert "<td>6</td>" in page


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A module in the current directory, as users of the command have."""
    source = (
        "import multigrad\nfrom multigrad import xp\n"
        "def loss(p):\n    return xp.sum(p['w'] ** 2)\n"
        "def half(x):\n    return x * multigrad.stop_gradient(x)\n"
    )
    (tmp_path / "models_to_check.py").write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")  # puts sys.path back
    monkeypatch.delitem(__import__("sys").modules, "models_to_check", raising=False)
    return "models_to_check"


def test_command_says_right(backend, models, capsys):
    assert cli.main(["check", f"{models}:loss", "{'w': [1, -2.5]}", "--backend", backend]) == 0
    assert "p['w'][1]" in capsys.readouterr().out


def test_command_says_wrong_as_json(backend, models, capsys):
    status = cli.main(["check", f"{models}:half", "3", "--backend", backend, "--dtype", "float32", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert (status, report["verdict"], report["dtype"]) == (1, "wrong", "float32")
    assert report["entries"][0]["found"] == 3.0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["no_such_module:f", "1"], "no_such_module"),
        (["models_to_check:absent", "1"], "absent"),
        (["models_to_check", "1"], "MODULE:FUNCTION"),
        (["models_to_check:loss", "1 +"], "Python literal"),
        (["models_to_check:loss"], "argument"),
        (["models_to_check:half", "1", "--backend", "troch"], "troch"),
    ],
)
def test_command_refuses_bad_usage(models, capsys, words, reason):
    try:
        status = cli.main(["check", *words])
    except SystemExit as exit_:
        status = exit_.code
    assert status == 2
    assert reason in capsys.readouterr().err
