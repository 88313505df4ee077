from multigrad_autograd import LIMITS

from multigrad.testing import BackendConformance


class TestAutograd(BackendConformance):
    backend = "autograd"
    exclude = LIMITS
