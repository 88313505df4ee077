"""``multigrad graph``: what was computed from what, as a listing or a picture."""

from __future__ import annotations

import argparse
import json

import multigrad
from multigrad.cli._functions import check_call, function
from multigrad.cli._literals import UsageError, arguments


def run(parsed: argparse.Namespace) -> int:
    """Print the graph of one function at one point, or write it to a file."""
    f, args = function(parsed.function), arguments(parsed.arguments, parsed.seed)
    check_call(f, args, parsed.function)
    options = {name: getattr(parsed, name) for name in ("argnums", "backend", "device", "dtype")}
    found = multigrad.graph(f, *args, **options)
    if parsed.output is not None:
        try:
            found.save(parsed.output)
        except (ValueError, OSError) as error:
            raise UsageError(f"--output: {error}") from error
    if parsed.json:
        print(json.dumps(found.to_dict(), indent=2))
    elif parsed.output is not None:
        print(f"{parsed.output}: {len(found)} values of {found.title}")
    else:
        print(found)
    return 0
