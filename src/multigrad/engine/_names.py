"""What the traced namespace and its extensions share: looking names up, and refusing what has no rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad.engine._primitives import constant
from multigrad.engine._trace import Tracer


class Names:
    """Functions of one namespace that also take traced arrays.

    A method of a subclass is a composition: differentiated through what it calls. Where a primitive has its name too,
    the primitive is kept with an underscore before it.

    Parameters
    ----------
    members
        The namespace that computes, or its extension.
    extra
        Functions beside those of the namespace, or in their place.
    traced
        The main traced namespace, in which the rules compute.
    prefix
        What stands before a name in messages: ``"linalg."``.
    """

    def __init__(self, members: Any, extra: dict[str, Any], traced: Any, prefix: str = "") -> None:
        self._members = members
        self._extra = extra
        self._traced = traced
        self._prefix = prefix

    def _record(self, recorded: Callable[..., Any], table: dict[str, Any]) -> None:
        """Give the functions of a table their rules."""
        for name, rule in table.items():
            function = self._find(name)
            if function is not None:
                own = f"_{name}" if hasattr(type(self), name) else name
                setattr(self, own, recorded(function, rule, self._traced))

    def _keep_flat(self, names: Any) -> None:
        for name in names:
            function = self._find(name)
            if function is not None:
                setattr(self, name, constant(function))

    def _find(self, name: str) -> Any:
        return self._extra.get(name) or getattr(self._members, name, None)

    def __getattr__(self, name: str) -> Any:
        # What is not differentiated here: dtypes, constants, creation. A traced argument must not slip through.
        if name in ("_extra", "_members"):  # looked up before they are set, by copy or pickle
            raise AttributeError(name)
        member = self._extra[name] if name in self._extra else getattr(self._members, name)
        if not callable(member) or isinstance(member, type):
            return member

        def call(*args: Any, **kwargs: Any) -> Any:
            if any(isinstance(arg, Tracer) for arg in (*args, *kwargs.values())):
                raise without_rule(f"{self._prefix}{name}")
            return member(*args, **kwargs)

        call.__name__ = name
        setattr(self, name, call)
        return call


def without_rule(name: str) -> NotImplementedError:
    """Return the error for a function, or a case of it, that cannot be differentiated."""
    return NotImplementedError(
        f"multigrad's engine has no derivative rule for {name!r}. Compose it from other functions of the standard, or "
        "run on another backend."
    )
