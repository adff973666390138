"""Stable-Baselines3's PPO on MinAtar's Breakout: `ppo_sb3.py THREADS`. conv16-fc128, 64 x 128, 4 epochs, 8 minibatches."""
import sys

import stable_baselines3
import torch
from minatar_sb3 import NUM_ENVS, NUM_STEPS, Conv, MinAtarVecEnv
from stable_baselines3 import PPO
from windows import serve

torch.set_num_threads(int(sys.argv[1]))

model = PPO(
    "MlpPolicy",
    MinAtarVecEnv(),
    n_steps=NUM_STEPS,
    batch_size=NUM_ENVS * NUM_STEPS // 8,
    n_epochs=4,
    learning_rate=1e-3,
    ent_coef=0.01,
    device="cpu",
    policy_kwargs={"features_extractor_class": Conv, "net_arch": []},
)


def work():
    model.learn(NUM_ENVS * NUM_STEPS, reset_num_timesteps=False)
    return NUM_ENVS * NUM_STEPS


serve(f"Stable-Baselines3 {stable_baselines3.__version__}, {sys.argv[1]} threads", work)
