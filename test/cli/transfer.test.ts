import { describe, expect, it, test } from 'vitest';
import { ngplus } from './in-process.ts';

const CARRIED = 'transfer zoo:cartpole acrobot --total-timesteps 100000 --plan';

describe('transfer --plan', () => {
  it('tells how a gate would race', async () => {
    const { code, stdout } = await ngplus(`${CARRIED} --gate --gate-share 0.3 --gate-rungs 3`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Transfer plan: cartpole -> acrobot/);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      'Gate: scratch and the transfer race over 15.0k steps each in 3 rungs (30% of 100k), ' +
        'then the better goes on to 85.0k',
    );
    expect((await ngplus(CARRIED)).stdout).not.toContain('Gate');
  });

  it('writes the plan as JSON', async () => {
    const { stdout } = await ngplus(`${CARRIED} --json -`);
    expect(JSON.parse(stdout)).toMatchObject({ plan: { source: 'cartpole', target: 'acrobot', method: 'full' } });
  });

  it('refuses what a training would', async () => {
    expect(await ngplus(`${CARRIED} --method progressive`)).toEqual({
      code: 2,
      stdout: '',
      stderr: 'ngplus transfer: progressive needs a net with a column for the source: --net progressive\n',
    });
    expect((await ngplus(`${CARRIED} --gate --tensorboard`)).stderr).toContain('a gate writes no TensorBoard files');
  });
});

test.each([
  ['transfer zoo:cartpole acrobot --gate-share 0.2', '--gate-share'],
  ['transfer zoo:cartpole acrobot --no-gate --gate-rungs 2', '--gate-rungs'],
  ['study --sources cartpole --targets acrobot --gate=false --gate-rungs 2', '--gate-rungs'],
])('options of a gate are refused without one: %s', async (line, flag) => {
  const stderr = `ngplus ${line.split(' ')[0]}: ${flag} is of a gate: it needs --gate\n`;
  expect(await ngplus(line)).toEqual({ code: 2, stdout: '', stderr });
});

it('says which net it takes', async () => {
  const { stdout } = await ngplus('help transfer');
  expect(stdout.replace(/\s+/g, ' ')).toContain('(default: that of the source, where it can read the target)');
  expect(stdout).not.toContain('fastconv for planes');
});
