"""The command ``multigrad``.

``_parser`` knows the words; each command has its module, ``check`` and ``compare`` share ``_reports``; ``_functions``
finds the user's function, ``_literals`` makes its arguments.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from multigrad._errors import MultigradError
from multigrad.cli._literals import UsageError
from multigrad.cli._parser import parse

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 0 if all is well, 1 if something disagrees, 2 for bad usage."""
    # TensorFlow's C++ start-up log would drown the tables; a user's own setting stays.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    parsed = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        status: int = parsed.run(parsed)
    except (MultigradError, UsageError) as error:
        print(f"multigrad: {error}", file=sys.stderr)
        return 2
    return status
