"""gymnax' Breakout: `env_gymnax.py NUM_ENVS`. Steps with random actions, observations and resets, compiled as one scan."""
import sys

import gymnax
import jax
from windows import serve

num_envs = int(sys.argv[1])
steps = max(1, 400_000 // num_envs)
env, params = gymnax.make("Breakout-MinAtar")


def step(carry, _):
    key, state, total = carry
    key, key_act, key_step = jax.random.split(key, 3)
    actions = jax.random.randint(key_act, (num_envs,), 0, env.action_space(params).n)
    obs, state, reward, done, _ = jax.vmap(env.step, in_axes=(0, 0, 0, None))(
        jax.random.split(key_step, num_envs), state, actions, params
    )
    # Something of every observation must be used, or the compiler drops them.
    return (key, state, total + obs.sum() + reward.sum()), None


@jax.jit
def run(carry):
    return jax.lax.scan(step, carry, None, steps)[0]


key = jax.random.PRNGKey(1)
_, state = jax.vmap(env.reset, in_axes=(0, None))(jax.random.split(key, num_envs), params)
carry = (key, state, 0.0)


def work():
    global carry
    carry = jax.block_until_ready(run(carry))
    return steps * num_envs


serve(f"gymnax, {num_envs} envs", work)
