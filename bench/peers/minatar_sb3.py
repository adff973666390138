"""MinAtar's Breakout and the net conv16-fc128 for Stable-Baselines3.

MinAtar is stepped in a plain loop in this process: for steps of a few microseconds that is faster than its DummyVecEnv
with a Gymnasium environment each, and than worker processes.
"""
import gymnasium
import minatar
import numpy as np
import torch
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import VecEnv

NUM_ENVS, NUM_STEPS = 64, 128


class MinAtarVecEnv(VecEnv):
    def __init__(self, seed=0):
        self.envs = [minatar.Environment("breakout") for _ in range(NUM_ENVS)]
        for i, env in enumerate(self.envs):
            env.seed(seed * NUM_ENVS + i)
        space = gymnasium.spaces.Box(0, 1, (4, 10, 10), np.float32)
        super().__init__(NUM_ENVS, space, gymnasium.spaces.Discrete(6))
        self.obs = np.zeros((NUM_ENVS, 4, 10, 10), np.float32)

    def reset(self):
        for i, env in enumerate(self.envs):
            env.reset()
            self.obs[i] = env.state().transpose(2, 0, 1)
        return self.obs.copy()

    def step_async(self, actions):
        self.actions = actions

    def step_wait(self):
        rewards, dones = np.zeros(NUM_ENVS, np.float32), np.zeros(NUM_ENVS, bool)
        infos = [{} for _ in range(NUM_ENVS)]
        for i, env in enumerate(self.envs):
            rewards[i], dones[i] = env.act(int(self.actions[i]))
            if dones[i]:
                infos[i] = {"terminal_observation": env.state().transpose(2, 0, 1).astype(np.float32)}
                env.reset()
            self.obs[i] = env.state().transpose(2, 0, 1)
        return self.obs.copy(), rewards, dones, infos

    def close(self):
        pass

    def get_attr(self, name, indices=None):
        return [None] * NUM_ENVS

    def set_attr(self, name, value, indices=None):
        pass

    def env_method(self, name, *args, indices=None, **kwargs):
        return [None] * NUM_ENVS

    def env_is_wrapped(self, wrapper, indices=None):
        return [False] * NUM_ENVS


class Conv(BaseFeaturesExtractor):
    def __init__(self, space):
        super().__init__(space, 128)
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(4, 16, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(1024, 128), torch.nn.ReLU()
        )

    def forward(self, obs):
        return self.layers(obs)
