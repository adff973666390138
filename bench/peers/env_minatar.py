"""MinAtar itself: `env_minatar.py GAME`. Steps of one environment with random actions, observations and resets."""
import random
import sys

import minatar
from windows import serve

env = minatar.Environment(sys.argv[1])


def work():
    for _ in range(2000):
        _, terminal = env.act(random.randrange(6))
        env.state()
        if terminal:
            env.reset()
    return 2000


serve(f"MinAtar {sys.argv[1]}", work)
