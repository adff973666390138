"""rejax' PPO on gymnax' Breakout with its own 64-64 net: 64 x 128, 4 epochs, 8 minibatches; compiling is not counted."""
import jax
from rejax import PPO
from windows import serve

NUM_ENVS, NUM_STEPS, ITERATIONS = 64, 128, 5
ppo = PPO.create(
    env="Breakout-MinAtar",
    agent_kwargs={"hidden_layer_sizes": (64, 64)},
    num_envs=NUM_ENVS,
    num_steps=NUM_STEPS,
    num_epochs=4,
    num_minibatches=8,
    learning_rate=1e-3,
)
state = jax.jit(ppo.init_state)(jax.random.PRNGKey(1))


@jax.jit
def run(state):
    return jax.lax.scan(lambda state, _: (ppo.train_iteration(state), None), state, None, ITERATIONS)[0]


def work():
    global state
    state = jax.block_until_ready(run(state))
    return ITERATIONS * NUM_ENVS * NUM_STEPS


serve("rejax", work)
