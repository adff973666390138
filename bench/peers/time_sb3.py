"""Seconds until Stable-Baselines3's PPO reaches a score on MinAtar's Breakout: `time_sb3.py SEED RATE FRAMES SCORE THREADS`.

conv16-fc128, 64 x 128, 4 epochs, 8 minibatches, learning rate RATE falling to 0 over FRAMES. Prints a line of JSON: the
seconds of learning, and the frames, until the mean of the last 100 episodes was SCORE; null where it never was.
"""
import json
import sys
import time
from collections import deque

import numpy as np
import torch
from minatar_sb3 import NUM_ENVS, NUM_STEPS, Conv, MinAtarVecEnv
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback

seed, rate, frames, score, threads = (float(word) for word in sys.argv[1:])
torch.set_num_threads(int(threads))


class UntilScore(BaseCallback):
    """Stops the learning once the score is reached."""

    def __init__(self):
        super().__init__()
        self.returns = np.zeros(NUM_ENVS)
        self.last = deque(maxlen=100)
        self.reached = None

    def _on_step(self):
        self.returns += self.locals["rewards"]
        for i in np.flatnonzero(self.locals["dones"]):
            self.last.append(self.returns[i])
            self.returns[i] = 0
        if len(self.last) == 100 and np.mean(self.last) >= score:
            self.reached = self.num_timesteps
        return self.reached is None


model = PPO(
    "MlpPolicy",
    MinAtarVecEnv(int(seed)),
    seed=int(seed),
    n_steps=NUM_STEPS,
    batch_size=NUM_ENVS * NUM_STEPS // 8,
    n_epochs=4,
    learning_rate=lambda left: rate * left,
    ent_coef=0.01,
    device="cpu",
    policy_kwargs={"features_extractor_class": Conv, "net_arch": []},
)
callback = UntilScore()
start = time.time()
model.learn(int(frames), callback=callback)
done = callback.reached is not None
print(json.dumps({"seconds": time.time() - start if done else None, "frames": callback.reached, "last": float(np.mean(callback.last))}))
