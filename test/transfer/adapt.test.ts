import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { findEnv } from '../../src/envs/index.ts';
import { readPolicy } from '../../src/exec/similarity.ts';
import { adaptPolicy } from '../../src/transfer/adapt.ts';

describe('a policy adapted', () => {
  it('to its own game is unchanged', async () => {
    const policy = await readPolicy('zoo:breakout');
    expect(adaptPolicy(policy, findEnv('breakout'), 'role').params).toEqual(policy.params);
  });

  it('to another game does not see what it does not know', async () => {
    const game = findEnv('asterix');
    const { net, params, plan } = adaptPolicy(await readPolicy('zoo:freeway'), game, 'role');
    const unknown = plan.matches.filter(({ axis, source }) => axis === 'channel' && source === null);
    expect(unknown.map(({ target }) => target)).toEqual(['gold']);
    if (game.observation.kind !== 'planes') throw new Error('asterix shows planes');
    const gold = game.observation.channels.findIndex(({ name }) => name === 'gold');
    const blank = new Float32Array(400);
    const golden = blank.map((_, i) => Number(i % 4 === gold));
    const see = (obs: Float32Array) => structuredClone(net.infer(params, obs));
    expect(see(golden)).toEqual(see(blank));
    expect(see(blank.fill(1))).not.toEqual(see(golden));
  });

  it('to what it can’t read is refused', async () => {
    const [breakout, cartpole] = [await readPolicy('zoo:breakout'), await readPolicy('zoo:cartpole')];
    expect(() => adaptPolicy(breakout, findEnv('cartpole'), 'role')).toThrow(
      new UserError("a policy of breakout can't see cartpole: it reads planes, not features"),
    );
    expect(() => adaptPolicy(cartpole, findEnv('acrobot'), 'fresh')).toThrow(
      "a policy of cartpole can't see acrobot: stem/",
    );
  });
});
