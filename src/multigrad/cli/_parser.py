"""The words of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import multigrad
from multigrad.cli import _backends, _exercises, _graphs, _reports
from multigrad.cli._literals import RANDOM, is_literal

_ARGUMENT = "a Python literal (a list becomes an array), FILE.npy, FILE.npz (a dict) or FILE.npz:NAME"
_STATUS = """
exit status: 0 all right, 1 a gradient is wrong or differs, 2 bad usage, 3 the function raised an error"""
_EXAMPLES = {
    "check": """\
examples:
  multigrad check model:loss 2.0 "[1, 2, 3]"
  multigrad check src/model.py:loss "{'w': [1, 2], 'b': 0.5}" x.npy --backend torch --json
  multigrad check model:loss --random 3,4 --random 4 --seed 1 --order 2""",
    "compare": """\
examples:
  multigrad compare model:loss 2.0 "[1, 2, 3]" --backends torch,jax
  multigrad compare model:loss --random 3,4 --dtype float32 --compiled
  multigrad compare torch=old:loss jax=new:loss params.npz x.npy --map jax=new:to_jax""",
    "graph": """\
examples:
  multigrad graph model:loss 2.0 "[1, 2, 3]"
  multigrad graph model:loss --random 3,4 --output graph.svg""",
}


class _Parser(argparse.ArgumentParser):
    """A parser that knows which of its options have a value."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.valued: set[str] = set()
        super().__init__(*args, **kwargs)

    def add_argument(self, *names: Any, **kwargs: Any) -> argparse.Action:
        if kwargs.get("action", "append") == "append":
            self.valued.update(names)
        return super().add_argument(*names, **kwargs)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the parsed arguments; exit with status 2, a sentence and the usage if they make no sense."""
    parser, commands = _parser()
    words = list(arguments)
    if words and words[0] in commands:
        words[1:] = _ordered(words[1:], commands[words[0]].valued)
    return parser.parse_args(words)


def _ordered(words: list[str], valued: set[str]) -> list[str]:
    """Put options before arguments, among which each ``--random`` keeps its place.

    argparse takes positional arguments in one piece only, and a number such as -1e-3 for an option.
    """
    options: list[str] = []
    positional: list[str] = []
    i = 0
    while i < len(words):
        word = words[i]
        name, equals, value = word.partition("=")
        following = words[i + 1 : i + 2]
        takes = name in valued and not equals and word.startswith("-")
        if word == "--":
            positional += words[i + 1 :]
            break
        if name == "--random":
            positional.append(RANDOM + (value if equals else "".join(following)))
        elif word.startswith("-") and not is_literal(word):
            options += [word, *(following if takes else ())]
        else:
            positional.append(word)
        i += 2 if takes else 1
    return [*options, "--", *positional] if positional else options


def _parser() -> tuple[_Parser, dict[str, _Parser]]:
    parser = _Parser(prog="multigrad", description="The same gradient on every framework.")
    parser.add_argument("--version", action="version", version=f"multigrad {multigrad.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    solve = commands.add_parser("exercises", help="solve the three exercises and verify every gradient")
    solve.add_argument(
        "--backend", action="append", metavar="NAME", help="a backend; may be repeated (default: every installed one)"
    )
    solve.add_argument("--dtype", default="float64", help="floating dtype to compute in (default: float64)")
    solve.add_argument("--device", help="where to compute: cpu, gpu, cuda:1 (default: the framework's own)")
    solve.add_argument("--json", action="store_true", help="print the results as JSON")
    solve.set_defaults(run=_exercises.run)

    listing = commands.add_parser("backends", help="list the backends, and why one is missing")
    listing.add_argument("--json", action="store_true", help="print the list as JSON")
    listing.set_defaults(run=_backends.run)

    of_functions = {"check": _check_parser, "compare": _compare_parser, "graph": _graph_parser}
    return parser, {name: build(commands) for name, build in of_functions.items()}


def _check_parser(commands: Any) -> _Parser:
    command = _reporting(commands, "check", "check a function's gradient against an independent truth")
    command.add_argument("--backend", metavar="NAME", help="the backend (default: that of the arguments, or numpy)")
    command.add_argument("--order", type=int, choices=(1, 2), default=1, help="2 checks second derivatives, too")
    command.add_argument(
        "--modes",
        type=_reports.modes,
        default=("reverse", "forward"),
        help="reverse, forward, or reverse,forward (default)",
    )
    command.add_argument("function", metavar="MODULE:FUNCTION", help="MODULE may be the path of a .py file")
    command.add_argument("arguments", metavar="ARG", nargs="*", help=_ARGUMENT)
    command.set_defaults(run=_reports.check)
    return command


def _compare_parser(commands: Any) -> _Parser:
    command = _reporting(commands, "compare", "compare a function's gradient on several backends, or several ports")
    command.add_argument(
        "--backends", action="append", metavar="NAMES", help="backends, as torch,jax (default: every installed one)"
    )
    command.add_argument("--backend", action="append", metavar="NAME", help="a backend; may be repeated")
    command.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="BACKEND=MODULE:FUNCTION",
        help="makes a port's arguments from the first port's; may be repeated",
    )
    command.add_argument(
        "function", metavar="MODULE:FUNCTION", help="or one BACKEND=MODULE:FUNCTION per port; MODULE may be a .py file"
    )
    command.add_argument("arguments", metavar="ARG", nargs="*", help=_ARGUMENT)
    command.set_defaults(run=_reports.compare)
    return command


def _graph_parser(commands: Any) -> _Parser:
    command = _of_function(commands, "graph", "show what was computed from what, with the derivative at each value")
    command.add_argument("--backend", metavar="NAME", help="the backend (default: that of the arguments, or numpy)")
    command.add_argument(
        "--output", metavar="FILE", help="write it: FILE.svg a picture, FILE.dot or .gv for Graphviz, FILE.txt"
    )
    command.add_argument("--json", action="store_true", help="print the graph as JSON")
    command.add_argument("function", metavar="MODULE:FUNCTION", help="MODULE may be the path of a .py file")
    command.add_argument("arguments", metavar="ARG", nargs="*", help=_ARGUMENT)
    command.set_defaults(run=_graphs.run)
    return command


def _reporting(commands: Any, name: str, purpose: str) -> _Parser:
    """Return a command with the options that `check_gradient` and `compare` share."""
    command = _of_function(commands, name, purpose)
    command.add_argument(
        "--arrays", choices=("standard", "native"), default="standard", help="which arrays the function gets"
    )
    command.add_argument("--compiled", action="store_true", help="compile as well, and compare with eager evaluation")
    command.add_argument("--json", action="store_true", help="print the report as JSON")
    return command


def _of_function(commands: Any, name: str, purpose: str) -> _Parser:
    """Return a command about a function of the user's."""
    command: _Parser = commands.add_parser(
        name,
        help=purpose,
        epilog=f"{_EXAMPLES[name]}\n{_STATUS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_argument(
        "--random", metavar="SHAPE", help="an argument of random normal numbers: 3,4 or (); may be repeated"
    )
    command.add_argument(
        "--seed", type=int, default=0, help="of random arguments, directions and cotangents (default: 0)"
    )
    command.add_argument("--argnums", type=_reports.positions, help="which arguments to differentiate, as 0 or 0,2")
    command.add_argument("--dtype", help="floating dtype to compute in (default: that of the arguments)")
    command.add_argument("--device", help="where to compute: cpu, gpu, cuda:1")
    return command
