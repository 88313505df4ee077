"""PyTorch: detached leaves and ``torch.autograd.grad``; compiled, ``torch.compile`` of ``torch.func``."""

import torch

torch.set_num_threads(1)


def partials(x, y, z):
    return x**2 + y**2 + z**2 + 2 * x * y * z


def linear_mse(w, b, x, y):
    return torch.mean((w * x + b - y) ** 2)


def chain_rule(x):
    return torch.sin(x**2 + 1)


def mlp(w1, b1, w2, b2, w3, b3, images, labels):
    hidden = torch.tanh(images @ w1 + b1)
    hidden = torch.tanh(hidden @ w2 + b2)
    scores = hidden @ w3 + b3
    shifted = scores - torch.amax(scores, dim=1, keepdim=True)
    return torch.mean(torch.log(torch.sum(torch.exp(shifted), dim=1)) - torch.sum(labels * shifted, dim=1))


def rosenbrock(x):
    return torch.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def arrays(values):
    return tuple(torch.from_numpy(value.copy()) for value in values)


def finished(call):
    return call


def _leaves(args, argnums):
    chosen = (argnums,) if isinstance(argnums, int) else argnums
    args = list(args)
    for i in chosen:
        args[i] = args[i].detach().requires_grad_()
    return args, [args[i] for i in chosen]


def gradient(f, argnums):
    def call(*args):
        args, leaves = _leaves(args, argnums)
        return torch.autograd.grad(f(*args), leaves)

    return call


def hvp(f, argnums):
    def call(*args):
        (*args, vector), leaves = _leaves(args, argnums)
        (first,) = torch.autograd.grad(f(*args), leaves, create_graph=True)
        return torch.autograd.grad(first, leaves, vector)

    return call


def hessian(f, argnums):
    def call(*args):
        args, leaves = _leaves(args, argnums)
        (first,) = torch.autograd.grad(f(*args), leaves, create_graph=True)
        rows = torch.eye(first.numel(), dtype=first.dtype).reshape(-1, *first.shape)
        return torch.autograd.grad(first, leaves, rows, is_grads_batched=True)

    return call


def gradient_and_hvp(f, argnums):
    def call(*args):
        args, leaves = _leaves(args, argnums)
        first = torch.autograd.grad(f(*args), leaves, create_graph=True)
        return [x.detach() for x in first], torch.autograd.grad(first, leaves, [torch.ones_like(x) for x in first])

    return call


def _compiled(function):
    # Dynamo keeps eight programs per code object, and all of torch.func.grad's functions share one: without a reset the
    # ninth workload would raise.
    torch._dynamo.reset()
    return torch.compile(function, fullgraph=True)


def compiled_gradient(f, argnums):
    return _compiled(torch.func.grad(f, argnums))


def compiled_hvp(f, argnums):
    # Reverse over reverse, which is several times faster than forward over reverse.
    def along(x, vector):
        return torch.sum(torch.func.grad(f)(x) * vector)

    return _compiled(torch.func.grad(along, argnums))


def compiled_hessian(f, argnums):
    def rows(x):
        _, pullback = torch.func.vjp(torch.func.grad(f, argnums), x)
        return torch.vmap(pullback)(torch.eye(x.numel(), dtype=x.dtype))

    return _compiled(rows)


def compiled_gradient_and_hvp(f, argnums):
    def both(x, *others):
        found, pullback = torch.func.vjp(torch.func.grad(lambda x: f(x, *others)), x)
        return found, pullback(torch.ones_like(x))[0]

    return _compiled(both)


ROUTES = {
    ("gradient", "eager"): gradient,
    ("hvp", "eager"): hvp,
    ("hessian", "eager"): hessian,
    ("gradient_and_hvp", "eager"): gradient_and_hvp,
    ("gradient_and_hvp", "compiled"): compiled_gradient_and_hvp,
    ("gradient", "compiled"): compiled_gradient,
    ("hvp", "compiled"): compiled_hvp,
    ("hessian", "compiled"): compiled_hessian,
}
