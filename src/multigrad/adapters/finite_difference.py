"""Finite differences over any namespace of the standard: a worked example for authors of backends, and a test double.

It implements the required protocol and nothing else, in the fewest lines. Derivatives are approximate: about ten digits
in float64, and fewer with every further order. Never use it for anything but tests and reading.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from multigrad._errors import DeviceError
from multigrad._protocol import FlatFunction, Natives, Pullback


class FiniteDifferenceBackend:
    """Central differences, extrapolated once (L. F. Richardson, Phil. Trans. R. Soc. A 210, 1911).

    Parameters
    ----------
    name
        The backend's name.
    xp
        A namespace of the array API standard; NumPy unless another is given.
    """

    def __init__(self, name: str = "finite_difference", xp: Any = np) -> None:
        self.name = name
        self.xp = xp
        self._array_class = type(xp.asarray(0.0))

    def is_array(self, x: object, /) -> bool:
        return isinstance(x, self._array_class | np.generic)

    def device(self, x: Any, /) -> str:
        return "cpu"

    def to_device(self, x: Any, device: Any, /) -> Any:
        if device not in (None, "cpu"):
            raise DeviceError(f"No device {device!r} for {self.name}; it sees cpu.")
        return x

    def devices(self) -> tuple[str, ...]:
        return ("cpu",)

    def asarray(self, obj: Any, /, *, dtype: str | None = None, device: Any = None) -> Any:
        array = self.xp.asarray(obj, dtype=None if dtype is None else getattr(self.xp, dtype))
        return self.to_device(array, device)

    def to_numpy(self, x: Any, /) -> np.ndarray:
        return np.asarray(x)

    def vjp(self, f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        outputs, aux = f(*primals)
        called = False

        def pullback(cotangents: Natives, /) -> Natives:
            nonlocal called
            if called and not reusable:
                raise RuntimeError("This pullback was made with reusable=False and has been called already.")
            called = True
            return tuple(self._gradient(f, primals, i, cotangents) for i in range(len(primals)))

        return outputs, pullback, aux

    def _gradient(self, f: FlatFunction, primals: Natives, i: int, cotangents: Natives) -> Any:
        """Differentiate Re Σ conj(cotangent) · output in every element of one primal."""
        primal = primals[i]
        flat = np.asarray(primal).reshape(-1)
        # dL/dRe + i·dL/dIm
        directions = (1.0, 1.0j) if flat.dtype.kind == "c" else (1.0,)

        def along(position: int, shift: complex) -> float:
            moved = flat.copy()
            moved[position] += shift
            x = self.xp.asarray(moved.reshape(primal.shape), dtype=primal.dtype)
            outputs, _ = f(*primals[:i], x, *primals[i + 1 :])
            return math.fsum(
                float(np.vdot(np.asarray(ct), np.asarray(out)).real)
                for ct, out in zip(cotangents, outputs, strict=True)
                if np.asarray(out).dtype.kind in "fc"
            )

        # The error of the extrapolated difference is h⁴ + eps / h: the best step is about eps^(1/5).
        scale = float(np.finfo(flat.dtype).eps) ** 0.2
        slopes = np.zeros_like(flat)
        for position, value in enumerate(flat):
            h = scale * max(1.0, abs(complex(value)))
            for direction in directions:
                wide, narrow = (
                    (along(position, s * direction) - along(position, -s * direction)) / (2 * s) for s in (h, h / 2)
                )
                slopes[position] += direction * (4 * narrow - wide) / 3
        return self.xp.asarray(slopes.reshape(primal.shape))
