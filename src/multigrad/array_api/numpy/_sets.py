"""Set functions."""

from multigrad.array_api.numpy._dtypes import traced

__all__ = ["unique_all", "unique_counts", "unique_inverse", "unique_values"]


def unique_all(x, /):
    return traced.unique_all(x)


def unique_counts(x, /):
    return traced.unique_counts(x)


def unique_inverse(x, /):
    return traced.unique_inverse(x)


def unique_values(x, /):
    return traced.unique_values(x)
