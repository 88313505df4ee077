"""Namespaces of the array API standard over `multigrad.Array`, one package per framework.

``multigrad.array_api.torch``, ``.jax``, ``.tensorflow`` and ``.numpy`` each import their framework. A namespace
consists of one module per section of the standard with functions on the framework's own arrays, collected in
``_native``; the package itself lifts them to `multigrad.Array`.
"""
