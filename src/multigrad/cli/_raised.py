"""What is shown when the user's own function raises: its lines, without those of this package that called it."""

from __future__ import annotations

import pathlib
import sys
import sysconfig
import traceback
from collections.abc import Iterator

# Exit status: neither a wrong gradient nor bad usage.
RAISED = 3
_PACKAGE = pathlib.Path(__file__).parents[1]
_INSTALLED = pathlib.Path(sysconfig.get_path("purelib"))


def own_lines(error: BaseException) -> list[traceback.FrameSummary]:
    """Return the lines of an error's traceback that are the user's; those of frameworks only if there is nothing else.

    Empty if no function of the user's was being called: the error is this package's.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_in(frame, _PACKAGE)]
    users = [frame for frame in frames if not _is_in(frame, _INSTALLED) and not frame.filename.startswith("<frozen")]
    return users or frames


def show(error: BaseException, frames: list[traceback.FrameSummary]) -> None:
    """Print an error as Python does, but with some of its lines only."""
    print("Traceback (most recent call last, your own lines only):", file=sys.stderr)
    print("".join(traceback.format_list(frames)), end="", file=sys.stderr)
    print("\n".join(_sentences(error)), file=sys.stderr)


def _sentences(error: BaseException) -> Iterator[str]:
    yield "".join(traceback.format_exception_only(error)).rstrip()
    if error.__cause__ is not None:
        yield f"    because of {type(error.__cause__).__name__}: {error.__cause__}"
    yield "multigrad: the function itself raised this, so that there is no gradient to judge."


def _is_in(frame: traceback.FrameSummary, folder: pathlib.Path) -> bool:
    return pathlib.Path(frame.filename).is_relative_to(folder)
