"""HIPS autograd as a backend of multigrad: ``multigrad.gradient(f, backend="autograd")``."""

from multigrad_autograd._backend import AutogradBackend
from multigrad_autograd._limits import LIMITS

__all__ = ["LIMITS", "AutogradBackend"]
