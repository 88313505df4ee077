"""How good is good enough: the largest ratio to the native call, by framework, mode and workload."""

from __future__ import annotations

from typing import Any, NamedTuple

_LARGE = ("W4", "W5")
_SECOND_ORDER = ("HVP", "Hessian")


class Target(NamedTuple):
    """A bound on a contestant's time: ``ratio`` times the native one, or ``seconds`` more, where that is more."""

    ratio: float
    seconds: float = 0.0

    def is_met(self, value: float, native: float, noise: float) -> bool:
        """Tell whether a time is within the bound, given the relative spread of the native call against itself."""
        bound = (self.ratio + noise) * native
        return value <= (max(bound, native + self.seconds) if self.seconds else bound)

    def __str__(self) -> str:
        extra = f" or +{self.seconds * 1e6:.0f} µs" if self.seconds else ""
        return f"≤ {self.ratio:.2f}{extra}"


def target(row: dict[str, Any]) -> Target | None:
    """Return the bound on a row's contestant; None for the native ones and where none is set."""
    suite, arrays = row["suite"], row["arrays"]
    if arrays is None or suite not in ("workloads", "programs", "peak_memory"):
        return None
    if suite == "peak_memory":
        # What compiling takes once, and what a process has besides, say little about a call.
        return Target(1.05) if row["workload"].endswith(", call") else None
    if suite == "programs" or row["workload"] in _SECOND_ORDER:
        return Target(1.10)
    return _of_a_gradient(row["backend"], row["mode"], row["workload"] in _LARGE, arrays)


def _of_a_gradient(backend: str, mode: str, large: bool, arrays: str) -> Target | None:
    if backend == "torch" and mode == "eager":
        return Target({"native": (1.05, 1.02), "standard": (1.20, 1.03)}[arrays][large])
    return {
        ("torch", "compiled"): Target(1.10),
        ("jax", "eager"): Target(1.10),
        ("jax", "compiled"): Target(1.05, 3e-6),
        ("tensorflow", "eager"): Target(1.15),
        ("tensorflow", "compiled"): Target(0.70),
    }.get((backend, mode))
