"""The net of reference-net.ts in torch, on one thread, for train-speed.ts to compare with.

Reads a line `batch seconds` at a time and answers with the samples trained on per second of processor time in that
window, taking the better of the two memory layouts. Needs torch (any recent one) in the Python that runs it.
"""
import math
import sys
import time

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
torch.manual_seed(1)


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
    obs = (torch.rand(batch, 4, 10, 10) < 0.2).float().contiguous(memory_format=layout)
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


def samples_per_second(update, batch, seconds):
    for _ in range(3):
        update()
    count, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        update()
        count += 1
    return count * batch / (time.process_time() - start)


LAYOUTS = (torch.contiguous_format, torch.channels_last)
updates = {}
print(torch.__version__, flush=True)
for line in sys.stdin:
    batch, seconds = int(line.split()[0]), float(line.split()[1])
    if batch not in updates:
        updates[batch] = [make_update(batch, layout) for layout in LAYOUTS]
    print(max(samples_per_second(update, batch, seconds / 2) for update in updates[batch]), flush=True)
