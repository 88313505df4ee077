"""The short ways of a call: in how few steps it goes, and that they end where the general way ends."""

import sys

import numpy as np
import pytest

import multigrad
from multigrad import xp
from multigrad.array_api import _arguments, _calls, _dispatch

from .inputs import namespace

X = np.asarray([[0.5, 2.0, 1.0], [3.0, 0.25, 4.0]])


def _steps(function):
    """Return how many functions of the modules that pass calls on are entered."""
    own = {_arguments.__file__, _calls.__file__, _dispatch.__file__}
    entered = []

    def note(frame, event, argument):
        if event == "call" and frame.f_code.co_filename in own:
            entered.append(frame.f_code.co_name)

    function()  # what is looked up once
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return entered


CALLS = {
    "one array": (lambda xp, x: xp.exp(x), 1),
    "a sum, a number for NumPy": (lambda xp, x: xp.sum(x), 2),
    "an option": (lambda xp, x: xp.sum(x, axis=1, keepdims=True), 2),
    "two arrays": (lambda xp, x: xp.maximum(x, x), 3),
    "an array and a number": (lambda xp, x: xp.maximum(x, 1.0), 3),
    "three": (lambda xp, x: xp.where(x > 1.0, x, 0.0), 3),
    "a shape": (lambda xp, x: xp.reshape(x, (3, -1)), 3),
    "a list": (lambda xp, x: xp.concat([x, x], axis=1), 4),
    "a tuple": (lambda xp, x: xp.stack((x, x)), 4),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_usual_call_goes_in_few_steps(backend, call):
    function, most = CALLS[call]
    xp_of_backend = namespace(backend)
    x = xp_of_backend.asarray(X)
    assert len(_steps(lambda: function(xp_of_backend, x))) <= most


@pytest.mark.needs("torch")
@pytest.mark.parametrize("call", CALLS)
def test_the_dispatching_namespace_adds_one_step(call):
    function, most = CALLS[call]
    x = namespace("torch").asarray(X)
    assert len(_steps(lambda: function(xp, x))) <= most + 1


# Beside each call the same with an argument that only the general way takes.
GENERAL = {
    "an option": (lambda xp, x: xp.sum(x, axis=1), lambda xp, x: xp.sum(x, axis=np.int64(1))),
    "a number": (lambda xp, x: xp.maximum(x, 1.0), lambda xp, x: xp.maximum(x, np.float64(1.0))),
    "an integer beside floats": (lambda xp, x: xp.maximum(x, 1), lambda xp, x: xp.maximum(x, np.asarray(1.0))),
    "a bool": (lambda xp, x: xp.where(x > 1.0, x, True), lambda xp, x: xp.where(x > 1.0, x, np.asarray(1.0))),
    "a shape": (lambda xp, x: xp.reshape(x, (3, -1)), lambda xp, x: xp.reshape(x, [3, np.int64(-1)])),
    "a list": (lambda xp, x: xp.concat([x, x], axis=0), lambda xp, x: xp.concat([x, X], axis=0)),
    "no option": (lambda xp, x: xp.concat([x, x]), lambda xp, x: xp.concat([x, X], axis=np.int64(0))),
}


@pytest.mark.parametrize("call", GENERAL)
def test_the_short_way_ends_where_the_general_one_does(backend, call):
    short, general = GENERAL[call]
    xp_of_backend = namespace(backend)
    x = xp_of_backend.asarray(X)
    found, expected = short(xp_of_backend, x), general(xp_of_backend, x)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(multigrad.to_numpy(found), multigrad.to_numpy(expected))
    assert len(_steps(lambda: short(xp_of_backend, x))) < len(_steps(lambda: general(xp_of_backend, x)))


BAD = {
    "a bool array": (lambda xp, x: xp.sin(x > 1.0), TypeError, "xp.sin takes numeric arrays, got bool"),
    "a missing array": (lambda xp, x: xp.maximum(x), TypeError, "maximum"),
    "no argument": (lambda xp, x: xp.sin(), TypeError, "sin"),
    "an empty list": (lambda xp, x: xp.concat([]), ValueError, "xp.concat takes at least one array"),
    "an empty tuple": (lambda xp, x: xp.stack(()), ValueError, "xp.stack takes at least one array"),
    "an array in place of a list": (lambda xp, x: xp.stack(x, axis=7), ValueError, "7"),
    "no such axis": (lambda xp, x: xp.sum(x, axis=2), IndexError, "xis 2"),
    "no such option": (lambda xp, x: xp.sum(x, dim=1), TypeError, "axis="),
    "shapes": (lambda xp, x: xp.maximum(x, x[:, :2]), ValueError, "broadcast"),
    "a shape": (lambda xp, x: xp.reshape(x, (4, -1)), ValueError, r"\(4, -1\)"),
}


@pytest.mark.parametrize("call", BAD)
def test_bad_calls_say_the_same_as_on_the_general_way(backend, call):
    function, kind, words = BAD[call]
    for one in (namespace(backend), xp):
        with pytest.raises(kind, match=words):
            function(one, namespace(backend).asarray(X))
