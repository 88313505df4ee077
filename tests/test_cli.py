"""The commands check, compare and graph: what they find, their arguments, and what they say about bad usage."""

import json
import subprocess
import sys

import numpy as np
import pytest

import multigrad
from multigrad import cli
from multigrad.cli._literals import UsageError, arguments

MODELS = """
import numpy as np
import multigrad
from multigrad import xp


def loss(p):
    return xp.sum(p["w"] ** 2)


def half(x):
    return x * multigrad.stop_gradient(x)


def total(a, b, c):
    return xp.sum(a) * b + xp.sum(c**2)


def scaled(v):
    return xp.sum(v**2) / 4


def plain(w):
    return xp.sum(w**2)


def double(w):
    return 2 * w


def broken(x):
    y = x * 2
    return inner(y)


def inner(y):
    return y + undefined_name


constant = 3
"""


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A module in the current directory, as users of the command have."""
    (tmp_path / "models_of_user.py").write_text(MODELS, encoding="utf-8")
    (tmp_path / "broken_module.py").write_text("import no_such_package\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)  # which test runners set, and which narrows what is printed
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    for name in ("models_of_user", "broken_module"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def run(*words):
    try:
        return cli.main(list(words))
    except SystemExit as stopped:
        return stopped.code


# check


def test_check_says_right(backend, models, capsys):
    assert run("check", "models_of_user:loss", "{'w': [1, -2.5]}", "--backend", backend) == 0
    assert "p['w'][1]" in capsys.readouterr().out


def test_check_takes_a_file_and_options_anywhere(backend, models, capsys):
    words = ("--order", "2", "models_of_user.py:total", "--random", "2,3", "-1e-3", "--json", "[1, 2]", "--seed", "4")
    assert run("check", *words, "--backend", backend, "--argnums", "0,2") == 0
    report = json.loads(capsys.readouterr().out)
    generator = np.random.default_rng(4)
    assert report["value"] == pytest.approx(-1e-3 * generator.standard_normal((2, 3)).sum() + 5, rel=1e-12)
    assert {entry["path"].partition("[")[0] for entry in report["entries"] if entry["check"] == "reverse"} == {"a", "c"}
    assert "second order" in {entry["check"] for entry in report["entries"]}


def test_check_says_wrong_as_json(backend, models, capsys):
    assert run("check", "models_of_user:half", "3", "--backend", backend, "--modes", "reverse", "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["verdict"], report["entries"][0]["found"]) == ("wrong", 3.0)
    assert {entry["check"] for entry in report["entries"]} == {"reverse"}


# compare


def test_compare_names_the_backends(backend, models, capsys):
    words = (
        "compare",
        "models_of_user:loss",
        "{'w': [1, -2.5]}",
        "--backends",
        f"numpy,{backend}",
        "--dtype",
        "float32",
    )
    assert run(*words, "--compiled", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["backend"] for row in report["rows"]] == ["numpy", backend]
    assert report["rows"][1]["gradient"] == {"['w']": [2.0, -5.0]}
    assert report["rows"][1]["check"]["dtype"] == "float32"
    assert run(*words[:4], backend) == 0
    assert "all agree" in capsys.readouterr().out


def test_compare_fails_where_it_is_not_right(backend, models, capsys):
    assert run("compare", "models_of_user:half", "2", "--backend", backend) == 1
    printed = capsys.readouterr().out
    assert "stop_gradient" in printed
    assert "models_of_user.py:12" in printed


def test_compare_two_ports(backend, models, capsys):
    np.save("w.npy", np.asarray([1.0, 3.0]))
    ports = ("compare", "numpy=models_of_user:plain", f"{backend}:port=models_of_user.py:scaled", "w.npy")
    assert run(*ports, "--map", f"{backend}:port=models_of_user:double", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["gradient"] for row in report["rows"]] == [[2.0, 6.0]] * 2
    assert run(*ports) == 1
    printed = capsys.readouterr().out
    assert "u3 = u2 / 4, models_of_user.py:20" in printed
    assert "its input u2 in the first port: u2 = sum(u1), models_of_user.py:24" in printed


def test_compare_as_a_process(models):
    command = [sys.executable, "-m", "multigrad", "compare", "models_of_user:plain", "[1, 2]", "--backends", "numpy"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")
    assert "1 backend: all agree" in found.stdout


def test_a_terminal_gets_colors(models, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert run("compare", "models_of_user:plain", "[1, 2]", "--backends", "numpy") == 0
    assert "\x1b[" in capsys.readouterr().out


# What the user's function raises


def test_an_error_in_the_function_shows_its_own_lines(models, capsys):
    for command in ("check", "graph"):
        assert run(command, "models_of_user:broken", "1.0") == 3
        printed = capsys.readouterr()
        assert printed.out == ""
        assert [word in printed.err for word in ("in broken", "return y + undefined_name")] == [True, True]
        assert "NameError: name 'undefined_name' is not defined" in printed.err
        assert "cli/_" not in printed.err
        assert "_running.py" not in printed.err


def test_compare_says_where_the_function_raised(models, capsys):
    assert run("compare", "models_of_user:broken", "1.0", "--backends", "numpy") == 3
    assert "(models_of_user.py:37: return y + undefined_name)" in capsys.readouterr().out


def test_an_error_of_this_package_is_not_blamed_on_the_function(models, monkeypatch):
    monkeypatch.setattr("multigrad.check_gradient", multigrad.to_numpy)  # which knows no option
    with pytest.raises(TypeError, match="unexpected keyword"):
        run("check", "models_of_user:plain", "[1, 2]")


def test_a_reader_that_goes_away_ends_it_silently(models):
    command = f"{sys.executable} -m multigrad check models_of_user:plain '[1, 2]'"
    found = subprocess.run(
        ["/bin/sh", "-c", f"( {command}; echo $? > status ) | true"], capture_output=True, text=True, check=False
    )
    assert found.stderr == ""
    assert (models / "status").read_text().strip() == "141"


# Layout


def test_lines_fit_the_width(models, capsys, monkeypatch):
    for command in ("check", "compare"):
        monkeypatch.setenv("COLUMNS", "80")
        run(command, "models_of_user:plain", "[1, 2, 3, 4]", *(["--backends", "numpy"] if command == "compare" else []))
        printed = capsys.readouterr().out
        assert max(map(len, printed.splitlines())) <= 80
        assert "verdict" in printed  # in one piece
        assert "not shown in this width: " in printed
    monkeypatch.delenv("COLUMNS", raising=False)
    run("compare", "models_of_user:plain", "[1, 2, 3, 4]", "--backends", "numpy")
    assert "seconds: first call, second" in capsys.readouterr().out


def test_rows_are_in_the_order_of_elements_and_modes(models, capsys):
    run("check", "models_of_user:plain", "[1, 2, 3]", "--backend", "numpy")
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if "right" in line][1:]
    modes = ("reverse", "forward")
    assert [(row[0], row[-2]) for row in rows[:6]] == [(f"w[{i}]", mode) for i in range(3) for mode in modes]
    assert rows[6][:2] == ["random", "direction"]


# graph


def test_graph_prints_or_writes(backend, models, capsys):
    assert run("graph", "models_of_user:scaled", "[1, 3]", "--backend", backend) == 0
    assert "u3 = u2 / 4" in capsys.readouterr().out
    assert run("graph", "models_of_user:scaled", "[1, 3]", "--backend", backend, "--output", "g.svg", "--json") == 0
    assert json.loads(capsys.readouterr().out)["nodes"][0]["derivative"] == [0.5, 1.5]
    assert (models / "g.svg").read_text(encoding="utf-8").lstrip().startswith(("<svg", "<?xml"))


# Arguments


def test_literals_and_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.arange(3, dtype=np.float32))
    np.savez("p.npz", w=np.eye(2), b=np.ones(2))
    x, p, w, number, tree, text = arguments(
        ["x.npy", "p.npz", "p.npz:w", "-1e-3", "{'a': [1, 2], 'n': (1, 2)}", "'sum'"], 0
    )
    assert (x.dtype, x.tolist()) == (np.float32, [0.0, 1.0, 2.0])
    assert {name: array.shape for name, array in p.items()} == {"w": (2, 2), "b": (2,)}
    assert w.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert (number, text, tree["n"]) == (-0.001, "sum", (1, 2))
    assert (tree["a"].dtype, tree["a"].tolist()) == (np.float64, [1.0, 2.0])


def test_random_arguments_follow_the_seed():
    words = ["--random=2,3", "--random=(4,)", "--random=()"]
    first, again, other = (arguments(words, seed) for seed in (1, 1, 2))
    assert [x.shape for x in first] == [(2, 3), (4,), ()]
    assert [x.tolist() for x in first] == [x.tolist() for x in again]
    assert first[0].tolist() != other[0].tolist()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("1 +", "Python literal"),
        ("x", "got 'x': names and calls are not evaluated. Quote"),
        ("[1, 2", r"got '\[1, 2': '\[' was never closed. Quote"),
        ("[1, 'a']", "numbers only"),
        ("[[1, 2], [3]]", "Python literal"),
        ("absent.npy", "there is none"),
        ("p.npz:v", "one of w"),
        ("text.npy", "as written by"),
        ("--random=2,x", "a shape such as 3,4"),
        ("--random=-1", "negative"),
    ],
)
def test_bad_arguments_are_told(tmp_path, monkeypatch, word, message):
    monkeypatch.chdir(tmp_path)
    np.savez("p.npz", w=np.eye(2))
    (tmp_path / "text.npy").write_text("no array", encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        arguments([word], 0)


# Bad usage


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["check", "no_such_module:f", "1"], "no_such_module"),
        (["check", "models_of_usr:loss", "1"], "Did you mean 'models_of_user'"),
        (["check", "models_of_usr.py:loss", "1"], "Did you mean 'models_of_user.py'"),
        (["check", "models_of_user:los", "1"], "Did you mean 'loss'"),
        (["check", "models_of_user", "1"], "MODULE:FUNCTION"),
        (["check", "models_of_user:constant", "1"], "of type int"),
        (["check", "broken_module:f", "1"], "No module named 'no_such_package'"),
        (["check", "models_of_user:loss", "1 +"], "Python literal"),
        (["check", "models_of_user:loss"], "0 arguments"),
        (["check", "models_of_user:half", "1", "--backend", "troch"], "troch"),
        (["check", "models_of_user:half", "1", "--modes", "sideways"], "sideways"),
        (["check", "models_of_user:half", "1", "--argnums", "x"], "argnums"),
        (["check", "models_of_user:half", "1", "--argnums", "4"], "out of range"),
        (["check", "models_of_user:half", "1", "--sead", "3"], "--sead"),
        (["check", "models_of_user:half", "--random"], "a shape such as 3,4"),
        (["compare", "numpy=models_of_user:plain", "[1]"], "at least two ports"),
        (["compare", "models_of_user:plain", "[1]", "--map", "numpy=models_of_user:double"], "no --map"),
        (["compare", "numpy=models_of_user:plain", "numpy:b=models_of_user:plain", "[1]", "--map", "x"], "--map"),
        (["compare", "numpy=models_of_user:plain", "b=models_of_user:plain", "[1]"], "'b'"),
        (
            ["compare", "numpy=models_of_user:plain", "numpy:b=models_of_user:plain", "[1]", "--backend", "numpy"],
            "ports",
        ),
        (["compare"], "MODULE:FUNCTION"),
        (["compare", "models_of_user:plain", "models_of_user:loss", "[1]"], "BACKEND=models_of_user:loss"),
        (["graph", "models_of_user:plain", "[1]", "--output", "g.png"], "ends in .svg"),
        (["graph", "models_of_user:plain", "[1]", "--output", "absent/g.svg"], "absent/g.svg"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_usage_is_told_in_a_sentence(models, capsys, words, message):
    assert run(*words) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""
