"""From a special function's name and arguments to the function of their backend."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from multigrad import _forms
from multigrad._protocol import Backend
from multigrad._rules import custom_jvp
from multigrad.array_api._dispatch import backend_of
from multigrad.array_api._special import special_functions


def call(name: str, *args: Any) -> Any:
    """Return the value of a special function; native arrays alone give a native one."""
    backend = backend_of(args)
    cls = _forms.array_type(backend)
    if cls._special is not None:
        return getattr(cls._special, name)(*args)
    arrays = [arg if name == "polygamma" and arg is args[0] else cls._namespace.asarray(arg) for arg in args]
    result = getattr(_composed(backend), name)(*arrays)
    return result.native if any(map(cls._is_native, args)) and not any(type(arg) is cls for arg in args) else result


@functools.lru_cache(maxsize=64)
def _composed(backend: Backend) -> SimpleNamespace:
    """Return the functions of a backend that brings no kernels: formulas over its `Array` with the shared slopes."""
    xp = _forms.namespace(backend)
    extra = {"where": xp.where, "zeros_like": xp.zeros_like, "ones_like": xp.ones_like}
    return special_functions(xp, extra, {}, _ruled, _Floating())


def _ruled(function: Callable[..., Any], slopes: Any, xp: Any) -> Callable[..., Any]:
    @custom_jvp
    def ruled(*args: Any) -> Any:
        return function(*args)

    def rule(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
        out = ruled(*primals)
        terms = [t * slope(xp, out, *primals) for t, slope in zip(tangents, slopes, strict=True)]
        return out, sum(terms[1:], terms[0])

    ruled.defjvp(rule)
    return ruled


class _Floating:
    """The promotion of a namespace that conforms: its own, after integers became floating."""

    def unary(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x: function(x * 1.0)

    def binary(self, function: Callable[..., Any], *, numbers: bool, floating: bool) -> Callable[..., Any]:
        return lambda x, y: function(x * 1.0, y * 1.0)
