"""Updates of the reference net (conv16-fc128, PPO's loss, Adam) in torch on one thread: `train_torch.py BATCH LAYOUT`.

The boards are random with as many cells set as breakout's; torch does the same work whatever they hold.
"""
import math
import sys

import torch
import torch.nn.functional as F
from windows import serve

torch.set_num_threads(1)
torch.manual_seed(1)
LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(4, 16, 3)
        self.dense = torch.nn.Linear(1024, 128)
        self.policy = torch.nn.Linear(128, 6)
        self.value = torch.nn.Linear(128, 1)

    def forward(self, obs):
        hidden = F.relu(self.dense(F.relu(self.conv(obs)).flatten(1)))
        return self.policy(hidden), self.value(hidden).squeeze(-1)


def make_update(batch, layout):
    net = Net().to(memory_format=layout)
    adam = torch.optim.Adam(net.parameters(), lr=3e-4, eps=1e-5)
    obs = (torch.rand(batch, 4, 10, 10) < 0.08).float().contiguous(memory_format=layout)
    actions = torch.randint(0, 6, (batch, 1))
    log_probs = math.log(1 / 6) + (torch.rand(batch) - 0.5) * 0.3
    advantages = torch.rand(batch) * 2 - 1
    returns = torch.rand(batch) * 2 - 1

    def update():
        logits, values = net(obs)
        all_log_probs = F.log_softmax(logits, -1)
        ratio = (all_log_probs.gather(1, actions).squeeze(1) - log_probs).exp()
        gain = torch.min(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages).mean()
        entropy = -(all_log_probs.exp() * all_log_probs).sum(-1).mean()
        loss = 0.5 * F.mse_loss(values, returns) - gain - 0.01 * entropy
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        adam.step()
        return loss.item()

    return update


batch, layout = int(sys.argv[1]), sys.argv[2]
update = make_update(batch, LAYOUTS[layout])


def work():
    update()
    return batch


serve(f"torch {torch.__version__}, {layout}", work)
