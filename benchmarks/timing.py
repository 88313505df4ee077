"""Timing that a noisy machine does not spoil: contestants interleaved, the smallest CPU time of each."""

import random
import time

from rich.progress import track


def measure(calls, args, rounds, repeats):
    """Return the smallest CPU seconds of one call of each contestant.

    Parameters
    ----------
    calls
        Dict from a contestant's name to its function of ``args``. They run in shuffled rounds.
    args
        Arguments of all of them.
    rounds, repeats
        How many rounds, and how many calls of each contestant in a round.
    """
    best = dict.fromkeys(calls, float("inf"))
    order = list(calls)
    generator = random.Random(0)
    for _ in track(range(rounds), description="measuring", transient=True):
        generator.shuffle(order)
        for name in order:
            call = calls[name]
            start = time.process_time()
            for _ in range(repeats):
                call(*args)
            best[name] = min(best[name], (time.process_time() - start) / repeats)
    return best
