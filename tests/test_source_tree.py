"""The architecture, read from the source: who imports whom, and what nobody may do."""

import ast
import pathlib

import pytest

import multigrad

ROOT = pathlib.Path(multigrad.__file__).parent
FRAMEWORKS = ("torch", "jax", "tensorflow")
BACKENDS = ("numpy", *FRAMEWORKS)

# From the bottom to the top: a module imports only from below, or from its own package.
LAYERS = (
    ("_errors", "_recent", "_slope_table"),
    ("_dtypes", "_protocol", "_tree", "_selection", "_numpy_spellings", "_array_methods", "_globals", "engine"),
    ("_numpy_calls", "array_api._checks", "array_api._domains"),
    ("array_api._explain", "array_api._composed", "array_api._slopes"),
    ("array_api._special_slopes", "array_api._special_formulas"),
    ("_array_operators",),
    ("_array",),
    ("array_api._integers", "array_api._ranges", "array_api._arguments"),
    ("array_api._calls",),
    ("_registry", "array_api._lift", "array_api._data_types", "array_api._unknown_names"),
    ("_forms",),
    ("_computation",),
    ("array_api._defaults", "array_api._promotion", "array_api._dispatch"),
    ("array_api._inspection", "array_api._special"),
    tuple(f"array_api.{name}" for name in BACKENDS),
    ("_engine_devices",),
    ("_engine_creation",),
    ("_engine_backend",),
    ("array_api", "adapters"),
    ("_leaves", "_derive", "_reads", "_escapes"),
    ("_flat_jacobian",),
    ("_arguments", "_strangers"),
    ("_outputs", "_convert", "_inference", "_plain"),
    ("_cotangents", "_running"),
    ("_quick_gradient",),
    ("_program",),
    ("_quick",),
    ("_program_store",),
    ("_compile",),
    ("_transform", "_jit", "_products", "_matrices", "_mapping", "_rules", "_differences", "_report", "_inside"),
    ("_progress",),
    ("_closures",),
    ("_apply_where",),
    ("_graph",),
    ("_blame",),
    ("_check",),
    ("convention",),
    ("_compare",),
    ("exercises", "extend", "optimize", "special"),
    ("testing",),
    ("",),  # the package itself: public names only
    ("cli",),
    ("__main__",),
)
RANK = {unit: rank for rank, layer in enumerate(LAYERS) for unit in layer}
# What a namespace of one framework may know of the rest.
NAMESPACE_MAY_IMPORT = ("_array", "_dtypes", "_errors", "_computation", "array_api._")
# What may import lazily: frameworks (the registry), and packages their own modules.
LAZY = ("", "_registry", "array_api", "exercises._run", "testing")
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}
# Calls and attributes that change the framework for the whole process.
GLOBAL_STATE = {
    "enable_numpy_behavior",
    "experimental_enable_numpy_behavior",
    "set_default_device",
    "set_default_dtype",
    "set_default_tensor_type",
    "set_floatx",
    "set_num_threads",
    "set_printoptions",
    "seterr",
    "manual_seed",
    "run_functions_eagerly",
    "config.update",
}


def modules():
    """Yield every module's name below ``multigrad`` ("" for the package) and its source."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path.read_text(encoding="utf-8")


MODULES = dict(modules())


def imports(module, tree):
    """Return what a module imports at run time, as dotted names; ``from a import b`` gives ``a.b``."""
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = f"multigrad.{module}".rstrip(".").split(".")
            base = ".".join(above[: len(above) - node.level + (module in PACKAGES)]) if node.level else ""
            start = ".".join(part for part in (base, node.module) if part)
            found += [f"{start}.{alias.name}" for alias in node.names]
    return found


PACKAGES = {path.parent.relative_to(ROOT).as_posix().replace("/", ".").strip(".") for path in ROOT.rglob("__init__.py")}


def own_module(imported):
    """Return the name below ``multigrad`` of an imported module of ours, or None."""
    if imported.partition(".")[0] != "multigrad":
        return None
    parts = imported.split(".")[1:]
    while parts and ".".join(parts) not in MODULES:
        parts.pop()
    return ".".join(parts)


def unit(module):
    """Return the entry of LAYERS that a module belongs to: the longest that is a prefix of its name."""
    parts = module.split(".")
    names = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return next((name for name in names if name in RANK), None) if module else ""


def framework_of(module):
    """Return the backend that a module belongs to, if it belongs to one."""
    for name in BACKENDS:
        if module == f"exercises.native.{name}" or f"{module}.".startswith((f"adapters.{name}.", f"array_api.{name}.")):
            return name
    return None


def violations(module, source):
    """Return one sentence per rule that a module breaks."""
    tree = ast.parse(source)
    imported = imports(module, tree)
    return [
        *wrong_names(module),
        *wrong_foreign_imports(module, imported),
        *wrong_own_imports(module, {own_module(name) for name in imported} - {None}),
        *wrong_code(module, tree),
    ]


def wrong_names(module):
    for part in module.split("."):
        if part.strip("_") in FORBIDDEN_NAMES:
            yield f"{module}: a module says what it is about, not {part!r}"
    if unit(module) is None:
        yield f"{module}: has no layer; add it to LAYERS"


def wrong_foreign_imports(module, imported):
    for name in imported:
        top = name.partition(".")[0]
        if top in FRAMEWORKS and framework_of(module) != top:
            yield f"{module}: imports {name}; a framework belongs to its own adapter and namespace"
        if top == "optree" and module != "_tree":
            yield f"{module}: imports optree; only _tree does"


def wrong_own_imports(module, found):
    framework = framework_of(module)
    for other in sorted(found):
        if module.startswith("engine") and unit(other) not in ("engine", "_slope_table"):
            yield f"{module}: imports {other}; the engine knows only itself and the table of slopes"
        if framework_of(other) not in (None, framework):
            yield f"{module}: imports {other}, which belongs to {framework_of(other)}"
        loads = other.startswith("adapters.") and not other.startswith(f"adapters.{framework}.")
        if loads and (module, other) != ("extend", "adapters.finite_difference"):
            yield f"{module}: imports {other}; only the registry loads an adapter"
        if unit(module) == f"array_api.{framework}" and unit(other) != unit(module):
            allowed = other.startswith(NAMESPACE_MAY_IMPORT) or other == "array_api"
            if not allowed and not (framework == "numpy" and unit(other) == "engine"):
                yield f"{module}: imports {other}, which a namespace need not know"
        if unit(other) != unit(module) and RANK.get(unit(other), 99) >= RANK.get(unit(module), -1):
            yield f"{module}: imports {other}, which is not below it"


def wrong_code(module, tree):
    for node in ast.walk(tree):
        text = ast.unparse(node) if isinstance(node, ast.Compare | ast.Call | ast.Assign | ast.match_case) else ""
        if isinstance(node, ast.Compare) and decides_by_name(node):
            yield f"{module}: decides by a backend's name: {text}"
        if isinstance(node, ast.match_case) and any(f"'{name}'" in text.partition(":")[0] for name in BACKENDS):
            yield f"{module}: decides by a backend's name: {text.splitlines()[0]}"
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if any(called == name or called.endswith(f".{name}") for name in GLOBAL_STATE):
                yield f"{module}: changes a global setting: {text}"
            if called.rpartition(".")[2] in ("import_module", "__import__") and module not in LAZY:
                yield f"{module}: imports lazily: {text}"
        if isinstance(node, ast.Assign) and any("jax.config." in ast.unparse(target) for target in node.targets):
            yield f"{module}: changes a global setting: {text}"


def decides_by_name(node):
    """Tell whether a comparison asks which backend this is; that something is NumPy's may be asked of arrays."""
    sides = [node.left, *node.comparators]
    constants = {inner.value for side in sides for inner in ast.walk(side) if isinstance(inner, ast.Constant)}
    owners = [ast.unparse(side.value) for side in sides if isinstance(side, ast.Attribute) and side.attr == "name"]
    of_a_backend = any("backend" in owner for owner in owners)
    return bool(constants & set(FRAMEWORKS)) or (of_a_backend and bool(constants & set(BACKENDS)))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module or "multigrad")
def test_module_keeps_the_architecture(module):
    assert violations(module, MODULES[module]) == []


def test_every_layer_exists():
    units = {unit(module) for module in MODULES}
    assert set(RANK) <= units | {"array_api"}
    assert {f"adapters.{name}" for name in BACKENDS} <= set(MODULES)


@pytest.mark.parametrize(
    ("module", "source", "rule"),
    [
        ("_transform", "import torch", "imports torch; a framework belongs"),
        ("_array", "def f():\n    import jax.numpy as jnp", "imports jax.numpy; a framework belongs"),
        ("adapters.torch", "from tensorflow import Tensor", "imports tensorflow.Tensor; a framework belongs"),
        ("array_api.jax._creation", "import torch", "imports torch; a framework belongs"),
        ("adapters.jax", "from multigrad.adapters import torch", "belongs to torch"),
        ("adapters.jax", "from . import torch", "belongs to torch"),
        ("adapters.numpy", "from multigrad.adapters import finite_difference", "only the registry loads an adapter"),
        ("array_api.torch._creation", "from multigrad.array_api.jax import _native", "belongs to jax"),
        ("_transform", "from multigrad.adapters import numpy", "belongs to numpy"),
        ("_derive", "import optree", "only _tree does"),
        ("engine._trace", "from multigrad import _errors", "the engine knows only itself"),
        ("engine._trace", "from .. import _errors", "the engine knows only itself"),
        ("array_api.torch._creation", "from multigrad import _registry", "which a namespace need not know"),
        ("array_api.torch._creation", "from multigrad.engine import vjp", "which a namespace need not know"),
        ("_errors", "from multigrad import _dtypes", "which is not below it"),
        ("_protocol", "from multigrad._array import Array", "which is not below it"),
        ("_arguments", "from multigrad._transform import gradient", "which is not below it"),
        ("_transform", "import multigrad", "which is not below it"),
        ("_array", "from ._registry import get_backend", "which is not below it"),
        ("_utils", "", "a module says what it is about"),
        ("array_api.common", "", "a module says what it is about"),
        ("_brand_new", "", "has no layer"),
        ("_derive", "if backend.name == 'jax': pass", "decides by a backend's name"),
        ("_derive", "x = 1 if call.backend.name != 'numpy' else 2", "decides by a backend's name"),
        ("_derive", "if name in ('torch', 'jax'): pass", "decides by a backend's name"),
        ("_derive", "match name:\n    case 'torch': pass", "decides by a backend's name"),
        ("adapters.jax", "import jax\njax.config.update('jax_enable_x64', True)", "changes a global setting"),
        ("adapters.jax", "from jax import config\nconfig.update('jax_enable_x64', True)", "changes a global setting"),
        ("adapters.jax", "import jax\njax.config.jax_enable_x64 = True", "changes a global setting"),
        ("adapters.torch", "import torch\ntorch.set_default_dtype(torch.float64)", "changes a global setting"),
        ("adapters.tensorflow", "np_config.enable_numpy_behavior()", "changes a global setting"),
        ("_convert", "import importlib\nimportlib.import_module('torch')", "imports lazily"),
    ],
)
def test_planted_violation_is_found(module, source, rule):
    assert any(rule in sentence for sentence in violations(module, source))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("adapters.torch", "import torch\nfrom multigrad.array_api.torch import _object"),
        ("array_api.numpy._creation", "from multigrad.engine import Tracer"),
        ("_protocol", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from multigrad._array import Array"),
        ("_convert", "if source != backend.name: pass"),
        ("extend", "from multigrad.adapters.finite_difference import FiniteDifferenceBackend"),
        ("adapters.jax", "options.update(x=1)"),
    ],
)
def test_what_is_allowed_is_not_reported(module, source):
    assert violations(module, source) == []
