"""Measurements that each need a process of their own: what a process has once imported or allocated, it keeps."""

import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from benchmarks import threads

assert threads  # the children inherit the environment that it sets


def answer(command, environment=()):
    """Run Python with arguments and return what it prints, as JSON on its last line."""
    with tempfile.TemporaryDirectory() as cache:
        # inductor's cache of compiled programs would make every start but the first a warm one; its worker processes
        # would hide the CPU time.
        given = {"TORCHINDUCTOR_CACHE_DIR": cache, "TORCHINDUCTOR_COMPILE_THREADS": "1", **dict(environment)}
        done = subprocess.run(
            [sys.executable, *command], env={**os.environ, **given}, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def answers(commands, *, at_once=1, environment=()):
    """Return the answer to each command, in their order.

    Figures are good with ``at_once=1``; more only shows sooner that all works.
    """
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda command: answer(command, environment), commands))
