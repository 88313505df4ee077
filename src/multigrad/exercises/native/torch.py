"""torch: ``backward``, ``torch.autograd.grad`` and ``nn.MSELoss``."""

import torch

from multigrad.array_api.torch._object import as_device


def _leaves(dtype, device, *values):
    options = {"dtype": getattr(torch, dtype), "device": as_device(device)}
    return tuple(torch.tensor(value, requires_grad=True, **options) for value in values)


def partials(x, y, z, *, dtype, device):
    x, y, z = _leaves(dtype, device, x, y, z)
    value = x**2 + y**2 + z**2 + 2 * x * y * z
    value.backward()
    return value.item(), {"x": x.grad.item(), "y": y.grad.item(), "z": z.grad.item()}


def linear_mse(w, b, x, y, *, dtype, device):
    w, b = _leaves(dtype, device, w, b)
    options = {"dtype": w.dtype, "device": w.device}
    prediction = w * torch.tensor(x, **options) + b
    value = torch.nn.MSELoss()(prediction, torch.tensor(y, **options))
    in_w, in_b = torch.autograd.grad(value, (w, b))
    return value.item(), {"w": in_w.item(), "b": in_b.item()}


def chain_rule(x, *, dtype, device):
    (x,) = _leaves(dtype, device, x)
    value = torch.sin(x**2 + 1)
    (slope,) = torch.autograd.grad(value, x)
    return value.item(), {"x": slope.item()}
