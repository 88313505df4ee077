"""A function that tells how often Python ran it: a compiled program does not run it again."""


class Counted:
    """Calls a function and counts the calls as ``runs``."""

    def __init__(self, function):
        self.function = function
        self.runs = 0

    def __call__(self, *args):
        self.runs += 1
        return self.function(*args)
