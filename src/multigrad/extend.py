"""The door for authors of backends.

A backend is one object with the members of `Backend`; see CONTRIBUTING for a walk through `FiniteDifferenceBackend`,
the smallest one. Publish it through the entry-point group ``multigrad.backends``, or register it with
`multigrad.register_backend`.
"""

from multigrad._array import Array
from multigrad._computation import Computation
from multigrad._engine_backend import EngineBackend
from multigrad._protocol import (
    Backend,
    BackendInfo,
    SupportsArrayType,
    SupportsCheckpoint,
    SupportsClosedVjp,
    SupportsCompile,
    SupportsEmbedding,
    SupportsGradient,
    SupportsGradientPullback,
    SupportsJvp,
    SupportsMatmulPrecision,
    SupportsPullbackRule,
    SupportsPytree,
    SupportsRecording,
    SupportsRetracing,
    SupportsScope,
    SupportsStopGradient,
    SupportsTangentRule,
    SupportsTracing,
    SupportsVmap,
)
from multigrad.adapters.finite_difference import FiniteDifferenceBackend
from multigrad.engine import TracedNamespace

__all__ = [
    "Array",
    "Backend",
    "BackendInfo",
    "Computation",
    "EngineBackend",
    "FiniteDifferenceBackend",
    "SupportsArrayType",
    "SupportsCheckpoint",
    "SupportsClosedVjp",
    "SupportsCompile",
    "SupportsEmbedding",
    "SupportsGradient",
    "SupportsGradientPullback",
    "SupportsJvp",
    "SupportsMatmulPrecision",
    "SupportsPullbackRule",
    "SupportsPytree",
    "SupportsRecording",
    "SupportsRetracing",
    "SupportsScope",
    "SupportsStopGradient",
    "SupportsTangentRule",
    "SupportsTracing",
    "SupportsVmap",
    "TracedNamespace",
]
