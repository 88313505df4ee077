"""Progress: shown to who is watching long work, and to nobody else."""

import io

import pytest

from multigrad import _progress
from multigrad._progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    time = {"now": 100.0}
    monkeypatch.setattr(_progress.time, "monotonic", lambda: time["now"])
    return time


@pytest.fixture
def redirect(monkeypatch):
    """Return a function that puts a stream in the place of standard error; pytest does so itself before the test."""

    def to(stream):
        monkeypatch.setattr("sys.stderr", stream)
        return stream

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    return to


def work(clock, seconds):
    with Progress("Checking", total=3) as progress:
        for _ in range(3):
            clock["now"] += seconds / 3
            progress.advance()


def test_long_work_shows_a_bar_on_a_terminal(clock, redirect):
    terminal = redirect(Terminal())
    work(clock, 6.0)
    assert "Checking" in terminal.getvalue()


def test_short_work_shows_nothing(clock, redirect):
    terminal = redirect(Terminal())
    work(clock, 0.5)
    assert terminal.getvalue() == ""


def test_nothing_is_shown_where_nobody_watches(clock, redirect):
    stream = redirect(io.StringIO())
    work(clock, 6.0)
    assert stream.getvalue() == ""


def test_work_inside_other_work_shows_no_bar_of_its_own(clock, redirect):
    terminal = redirect(Terminal())
    with Progress("Outside", total=1):
        work(clock, 6.0)
    assert terminal.getvalue() == ""


def test_an_interruption_takes_the_bar_away(clock, redirect):
    terminal = redirect(Terminal())
    with pytest.raises(KeyboardInterrupt), Progress("Checking") as progress:
        clock["now"] += 5
        progress.advance()
        raise KeyboardInterrupt
    shown = terminal.getvalue()
    assert shown.endswith(("\x1b[2K", "\x1b[?25h", "\r"))  # the cursor is back and the line is empty
    work(clock, 6.0)
    assert len(terminal.getvalue()) > len(shown)
