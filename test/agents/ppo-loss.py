"""Writes ppo-loss.json: the PPO loss of a small conv net and its gradients, by PyTorch.

    python test/agents/ppo-loss.py > test/agents/ppo-loss.json     (torch 2.15.0, double precision)
"""

import json

import torch
import torch.nn.functional as F

HEIGHT, WIDTH, CHANNELS, FILTERS, UNITS, ACTIONS, BATCH = 5, 6, 2, 3, 4, 3, 6
CLIP, ENTROPY, VALUE = 0.2, 0.01, 0.5
torch.set_default_dtype(torch.float64)
torch.manual_seed(1)

shapes = {
    "stem/kernel": (3, 3, CHANNELS, FILTERS),
    "stem/bias": (FILTERS,),
    "trunk/0/kernel": ((HEIGHT - 2) * (WIDTH - 2) * FILTERS, UNITS),
    "trunk/0/bias": (UNITS,),
    "heads/policy/kernel": (UNITS, ACTIONS),
    "heads/policy/bias": (ACTIONS,),
    "heads/value/kernel": (UNITS, 1),
    "heads/value/bias": (1,),
}
params = {name: (0.4 * torch.randn(shape)).float().double().requires_grad_() for name, shape in shapes.items()}
obs = (torch.rand(BATCH, HEIGHT, WIDTH, CHANNELS) < 0.3).double()
actions = torch.tensor([0, 2, 1, 1, 0, 2])
legal = torch.tensor([[1, 1, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1], [1, 1, 0], [1, 1, 1]], dtype=torch.bool)
advantages = torch.tensor([1.5, -0.75, 0.25, -2.0, 0.5, 1.0])
returns = torch.tensor([0.5, -1.0, 2.0, 0.0, 1.0, -0.5])
# Around the present log-probabilities, so that some samples are clipped on either side.
shifts = torch.tensor([-0.6, 0.5, 0.05, -0.5, 0.1, 0.7])


def forward():
    x = obs.permute(0, 3, 1, 2)
    x = F.conv2d(x, params["stem/kernel"].permute(3, 2, 0, 1), params["stem/bias"])
    x = F.relu(x).permute(0, 2, 3, 1).reshape(BATCH, -1)
    x = F.relu(x @ params["trunk/0/kernel"] + params["trunk/0/bias"])
    logits = x @ params["heads/policy/kernel"] + params["heads/policy/bias"]
    return logits, (x @ params["heads/value/kernel"] + params["heads/value/bias"]).squeeze(1)


def loss_of(mask, old_log_probs):
    logits, values = forward()
    # As CleanRL's masked categorical does it: a very small logit, and p log p = 0 where it is illegal.
    dist = torch.distributions.Categorical(logits=torch.where(mask, logits, torch.tensor(-1e9)))
    log_ratio = dist.log_prob(actions) - old_log_probs
    ratio = log_ratio.exp()
    policy_loss = torch.max(-advantages * ratio, -advantages * ratio.clamp(1 - CLIP, 1 + CLIP)).mean()
    value_loss = 0.5 * ((values - returns) ** 2).mean()
    entropy = dist.entropy().mean()
    loss = policy_loss - ENTROPY * entropy + VALUE * value_loss
    kl = ((ratio - 1) - log_ratio).mean()
    clipped = ((ratio - 1).abs() > CLIP).double().mean()
    return loss, [policy_loss, value_loss, entropy, kl, clipped]


cases = {}
for name, mask in {"all": torch.ones_like(legal), "masked": legal}.items():
    with torch.no_grad():
        logits, _ = forward()
        now = torch.log_softmax(torch.where(mask, logits, torch.tensor(-1e9)), -1)
        old = (now[torch.arange(BATCH), actions] - shifts).float().double()
    loss, diagnostics = loss_of(mask, old)
    grads = torch.autograd.grad(loss, list(params.values()))
    cases[name] = {
        "legal": mask.int().tolist(),
        "logProbs": old.tolist(),
        "loss": loss.item(),
        "diagnostics": [value.item() for value in diagnostics],
        "gradients": {key: grad.flatten().tolist() for key, grad in zip(params, grads)},
    }

print(
    json.dumps(
        {
            "board": [HEIGHT, WIDTH, CHANNELS],
            "netConfig": {"filters": FILTERS, "units": UNITS},
            "config": {"clipCoef": CLIP, "entCoef": ENTROPY, "vfCoef": VALUE},
            "params": {name: value.flatten().tolist() for name, value in params.items()},
            "obs": obs.int().flatten().tolist(),
            "actions": actions.tolist(),
            "advantages": advantages.tolist(),
            "returns": returns.tolist(),
            "cases": cases,
        }
    )
)
