"""Timing that a noisy machine does not spoil: contestants interleaved, the smallest CPU time of each."""

import random
import time

# A batch of calls long enough for the clock, short enough to fit between two interruptions.
_BATCH_SECONDS = 2e-3
_MIN_ROUNDS, _MAX_ROUNDS = 5, 400


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
    for _ in range(rounds):
        generator.shuffle(order)
        for name in order:
            call = calls[name]
            start = time.process_time()
            for _ in range(repeats):
                call(*args)
            best[name] = min(best[name], (time.process_time() - start) / repeats)
    return best


def measure_for(seconds, calls, args):
    """Return what `measure` does, in about so many seconds, after a call of each to warm up."""
    once = 0.0
    for call in calls.values():
        call(*args)
        start = time.perf_counter()
        call(*args)
        once = max(once, time.perf_counter() - start)
    repeats = max(1, int(_BATCH_SECONDS / once))
    rounds = int(seconds / (once * repeats * len(calls)))
    return measure(calls, args, min(max(rounds, _MIN_ROUNDS), _MAX_ROUNDS), repeats)
