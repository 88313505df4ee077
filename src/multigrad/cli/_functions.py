"""Finds the user's function."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import pathlib
import pkgutil
import sys
import traceback
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from multigrad.cli._literals import UsageError


def function(spelled: str) -> Callable[..., Any]:
    """Return the function that ``MODULE:FUNCTION`` or ``FILE.py:FUNCTION`` stands for.

    Raises
    ------
    UsageError
        If there is none, or its module cannot be imported.
    """
    module_name, colon, name = spelled.rpartition(":")
    if not (module_name and colon and name):
        raise UsageError(f"Expected MODULE:FUNCTION or FILE.py:FUNCTION, got {spelled!r}.")
    found: Any = _from_file(module_name) if module_name.endswith(".py") else _from_path(module_name)
    for part in name.split("."):
        if not hasattr(found, part):
            raise UsageError(_absent(part, found, spelled))
        found = getattr(found, part)
    if not callable(found):
        raise UsageError(f"Expected a function, got {spelled!r}, which is of type {type(found).__name__}.")
    callee: Callable[..., Any] = found
    return callee


def _from_path(name: str) -> ModuleType:
    # A console script starts with its own folder on the path, not the user's.
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        return _imported(lambda: pkgutil.resolve_name(name), name)
    except ModuleNotFoundError as error:
        beside = [path.stem for path in pathlib.Path().glob("*.py")]
        near = difflib.get_close_matches(name, beside, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UsageError(
            f"Expected the name of a module or a .py file, got {name!r}, which cannot be found from "
            f"{pathlib.Path.cwd()}.{hint}"
        ) from error


def _from_file(name: str) -> ModuleType:
    path = pathlib.Path(name)
    if not path.is_file():
        beside = [other.name for other in path.parent.glob("*.py")] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, beside, 1)
        hint = f" Did you mean {path.with_name(near[0]).as_posix()!r}?" if near else ""
        raise UsageError(f"Expected {name!r} to be a file, and there is none in {pathlib.Path.cwd()}.{hint}")
    # The modules beside it can be imported from it, as when it is run.
    folder = str(path.parent.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    known = sys.modules.get(path.stem)
    if known is not None and getattr(known, "__file__", None) == str(path.resolve()):
        return known
    spec = importlib.util.spec_from_file_location(path.stem, path.resolve())
    if spec is None or spec.loader is None:
        raise UsageError(f"Expected {name!r} to be a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    execute = spec.loader.exec_module
    try:
        _imported(lambda: execute(module), name)
    except BaseException:
        del sys.modules[path.stem]
        raise
    return module


def _imported(load: Callable[[], Any], name: str) -> Any:
    try:
        return load()
    except Exception as error:
        missing = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
        if missing is not None and f"{name}.".startswith(f"{missing}."):
            raise  # the module itself
        frames = traceback.extract_tb(error.__traceback__)
        place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
        raise UsageError(f"{name} cannot be imported: {type(error).__name__}: {error}{place}") from error


def _absent(part: str, owner: Any, spelled: str) -> str:
    public = [name for name in dir(owner) if not name.startswith("_") and callable(getattr(owner, name, None))]
    near = difflib.get_close_matches(part, public, 1)
    owner_name = getattr(owner, "__name__", type(owner).__name__)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"Expected a function of {owner_name}, got {part!r} in {spelled!r}, which it does not have.{hint}"


def check_call(f: Callable[..., Any], arguments: Sequence[Any], spelled: str) -> None:
    """Raise UsageError if a function cannot be called with these arguments."""
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):  # some built-in functions have none
        return
    try:
        signature.bind(*arguments)
    except TypeError as error:
        count = f"{len(arguments)} argument{'' if len(arguments) == 1 else 's'}"
        raise UsageError(
            f"Expected arguments for {spelled.rpartition(':')[2]}{signature}, got {count}: {error}."
        ) from error
