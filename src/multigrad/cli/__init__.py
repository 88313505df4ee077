"""The command ``multigrad``.

``_parser`` knows the words; each command has its module, ``check`` and ``compare`` share ``_reports``; ``_functions``
finds the user's function, ``_literals`` makes its arguments, ``_raised`` shows what it raises.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from multigrad._errors import MultigradError
from multigrad.cli._literals import UsageError
from multigrad.cli._parser import parse
from multigrad.cli._raised import RAISED, own_lines, show

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    0 if all is well, 1 if something disagrees, 2 for bad usage, 3 if the user's function raises an error, and 141, as
    of a process that a closed pipe ends, if nobody reads the output.
    """
    # TensorFlow's C++ start-up log would drown the tables; a user's own setting stays.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    parsed = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        status: int = parsed.run(parsed)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would flush once more at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        return _failed(error)
    return status


def _failed(error: Exception) -> int:
    """Say what was raised, and return the exit status."""
    is_usage = isinstance(error, UsageError)
    lines = [] if is_usage else own_lines(error)
    if lines:
        show(error, lines)
        return RAISED
    if is_usage or isinstance(error, MultigradError):
        print(f"multigrad: {error}", file=sys.stderr)
        return 2
    raise error
