"""What the tests of the namespaces share: the namespace over `Array` of the backend under test."""

import pytest

import multigrad

from .inputs import namespace


@pytest.fixture
def ns(backend):
    """Return the standard's namespace over `Array`."""
    return namespace(backend)


@pytest.fixture
def adapter(backend):
    return multigrad.get_backend(backend)
