import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { buildOnce, ROOT } from './build-once.ts';
import { emptyFolder, ngplus } from './processes.ts';

const cwd = emptyFolder();
const TINY = '--total-timesteps 1024 --evaluations 1 --evaluation-episodes 1';

/** A finished run to refer to, and files that are broken in their own ways. */
beforeAll(async () => {
  await buildOnce();
  // A folder is no game, whatever its name.
  mkdirSync(join(cwd, 'cartpole'));
  const { code, stderr } = await ngplus(`train cartpole ${TINY} --folder run`, { cwd });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const checkpoint = readFileSync(join(cwd, 'run/checkpoints/000000001024.safetensors'));
  const files = {
    'text.safetensors': 'hello, this is no checkpoint',
    'empty.safetensors': '',
    'corrupt.safetensors': checkpoint.fill(0xff, 8, 40),
    'truncated.safetensors': checkpoint,
    'foreign.safetensors': readFileSync(join(ROOT, 'test/runs/fixtures/from-python.safetensors')),
    'syntax.ts': 'export default {\n  id: \n};\n',
    'nothing.ts': 'export const game = 1;\n',
    'throws.ts': 'throw new Error("boom");\n',
    'import.ts': 'import rules from "./rules.ts";\nexport default rules;\n',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  const good = readFileSync(join(cwd, 'run/checkpoints/000000001024.safetensors'));
  writeFileSync(join(cwd, 'truncated.safetensors'), good);
  truncateSync(join(cwd, 'truncated.safetensors'), good.length - 1000);
}, 180_000);

describe.concurrent('help', () => {
  it('of the program names every command', async () => {
    const { code, stdout } = await ngplus('', { cwd });
    expect(code).toBe(0);
    for (const { name } of commands) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  it.each(commands.map(({ name }) => name))('of %s fits in 80 columns', async (name) => {
    const { code, stdout, stderr } = await ngplus(`${name} --help`, { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^ngplus ${name}: [^]+?\\n\\nUsage: ngplus ${name} `));
    // Examples are to be copied: they stay on one line.
    const lines = stdout.split('\n').filter((line) => !line.startsWith('  ngplus '));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('shows the defaults of the game that is named', async () => {
    const [planes, features] = await Promise.all([
      ngplus('train breakout --help', { cwd }),
      ngplus('transfer run acrobot --help', { cwd }),
    ]);
    expect(planes.stdout).toContain('--filters <number>');
    expect(features.stdout).toContain('--depth');
    expect(features.stdout).not.toContain('--filters');
  });
});

describe.concurrent('bad use is one line and exit code 2:', () => {
  it.each<[string, RegExp]>([
    ['trian', /^ngplus: unknown command "trian" \(did you mean "train"\?\); valid: demo, train, /],
    ['train', /^ngplus train: which game\? name an env, e\.g\. breakout .*or give --game FILE$/],
    ['train ./missing.ts', /there is no game file "\.\/missing\.ts"/],
    ['train brekout', /unknown game "brekout" \(did you mean "breakout"\?\); valid: breakout, asterix, /],
    [
      'train breakout?paddleWidht=2',
      /unknown option of breakout "paddleWidht" \(did you mean "paddleWidth"\?\); valid: /,
    ],
    ['train breakout?paddleWidth=9', /"9" is not a valid paddleWidth; valid: whole number from 1 to 5/],
    ['train cartpole --learnin-rate 1', /unknown option "--learnin-rate" \(did you mean "--learning-rate"\?\)/],
    ['train cartpole --learning-rate fast', /--learning-rate: "fast" is not valid; valid: number above 0, at most 1/],
    ['train cartpole --total-timesteps 0', /--total-timesteps: "0" is not valid; valid: whole number of at least 1/],
    ['train cartpole --seed', /--seed needs a value; valid: whole number of at least 0/],
    [
      'train cartpole --net transformer',
      /unknown net "transformer"; valid: conv, fastconv, mlp, vgg, resnet, bert, gpt, gru, progressive/,
    ],
    ['train cartpole --net conv', /conv/],
    ['train cartpole --algorithm sac', /unknown algorithm "sac"; valid: ppo, pqn, dqn/],
    ['train cartpole --backend cuda', /--backend: "cuda" is not valid; valid: auto, wasm, tensorflow, cpu/],
    [
      'train cartpole --folder run --seed 7',
      /run holds another run \(.*seed: there 0, wanted 7; .*\); choose another folder/,
    ],
    ['train cartpole --folder text.safetensors', /text\.safetensors/],
    ['train cartpole breakout', /unexpected argument "breakout"; usage: ngplus train \[env\] \[options\]/],
    [
      'train cartpole --algorithm actor-mimic',
      /^ngplus train: actor-mimic learns from teachers: ngplus distill TEACHER TEACHER$/,
    ],
    ['distill', /<teachers> is missing; usage: ngplus distill <teachers\.\.\.> \[options\]/],
    ['distill run', /plays cartpole, which no mix has; games with teachers: breakout, asterix, /],
    ['distill zoo:breakout', /zoo:breakout does not see canonical planes: train it on breakout\?observation=canonical/],
    ['distill missing', /there is no checkpoint or run folder "missing"/],
    ['transfer', /<source> is missing; usage: ngplus transfer <source> \[target\]/],
    ['transfer run', /which game\?/],
    ['transfer missing cartpole', /there is no checkpoint or run folder "missing"/],
    ['transfer run acrobot --method best', /unknown method "best"; valid: full, head-only, frozen-then-full/],
    ['transfer run acrobot --alignment rolle', /--alignment: "rolle" is not valid; valid: role, index, fresh/],
    [
      'transfer run acrobot --plan --map left=rigth',
      /name of the target in the map "rigth" \(did you mean "right"\?\)/,
    ],
    ['transfer run acrobot --plan --reset trnk', /unknown stage "trnk"; valid: stem, trunk\/0, /],
    ['transfer run acrobot --plan --stage-learning-rates head=1', /unknown stage "head"; valid: stem, /],
    ['transfer run acrobot --stage-learning-rates stem', /"stem" is not valid; valid: stage=share, as in stem=0.1/],
    ['evaluate missing', /there is no checkpoint or run folder "missing"/],
    ['evaluate text.safetensors', /text\.safetensors: not a safetensors file/],
    ['evaluate empty.safetensors', /empty\.safetensors: not a safetensors file: 0 bytes/],
    ['evaluate corrupt.safetensors', /corrupt\.safetensors/],
    ['evaluate truncated.safetensors', /truncated\.safetensors: truncated: tensor "/],
    [
      'evaluate foreign.safetensors',
      /foreign\.safetensors is not a policy checkpoint \(format "pt"; valid: ngplus-policy\/1\)/,
    ],
    ['evaluate run --env acrobot', /a policy of cartpole can't play acrobot: .*use ngplus transfer/],
    ['evaluate run --episodes 0', /--episodes: "0" is not valid; valid: whole number from 1/],
    ['evaluate random', /the random player needs an env: --env breakout/],
    ['evaluate scripted --env mine.ts', /unknown game "mine.ts"|there is no script for/],
    ['evaluate zoo:brekout', /unknown policy of the zoo "brekout" \(did you mean "breakout"\?\); valid: acrobot, /],
    ['transfer run acrobot --plan --copy 9', /copy: 9 is not valid; the net has \d stages: stem, /],
    ['similarity run zoo:breakout', /a policy of breakout can't see cartpole: it reads planes, not features/],
    ['similarity run', /<b> is missing; usage: ngplus similarity <a> <b>/],
    ['predict-source acrobot', /<sources> is missing; usage: ngplus predict-source <target> <sources...>/],
    ['watch zoo:brekout', /unknown policy of the zoo "brekout"/],
    ['study --sources cartpole', /--targets is missing/],
    ['study --sources cartpole --targets cartpole', /a study needs a source and a target that differ/],
    ['study --sources cartpole --targets acrobot --methods full,best', /unknown method "best"/],
    ['study --sources cartpole --targets acrobot --seeds 1', /--seeds: "1" is not valid; valid: whole number from 2/],
    ['watch syntax.ts', /"syntax\.ts" holds neither a run \(config\.json\) nor a study \(study\.json\)/],
    ['watch run --port 65536', /--port: "65536" is not valid; valid: whole number from 0 to 65535/],
    ['play brekout', /unknown game "brekout" \(did you mean "breakout"\?\)/],
    ['play breakout --against zoo:freeway', /"zoo:freeway" has learned freeway, not breakout/],
    ['play breakout --against nowhere', /"nowhere" is neither a run with a checkpoint nor one of the zoo/],
    ['play ./missing.ts', /there is no game file "\.\/missing\.ts"/],
    ['games brekout', /unknown game "brekout"/],
    ['new-game my-game.txt', /"my-game\.txt" is no script; valid: a name that ends in \.ts or \.js/],
    ['new-game syntax.ts', /syntax\.ts is there already; choose another name/],
    ['new-game missing/my-game.ts', /can't write missing\/my-game\.ts/],
    ['check-game missing.ts', /there is no game file "missing\.ts"/],
    ['check-game syntax.ts', /syntax\.ts:3:1 does not load: Unexpected "}"/],
    ['train --game syntax.ts', /syntax\.ts:3:1 does not load: Unexpected "}"/],
    ['train --game nothing.ts', /nothing\.ts exports no game, net, algorithm or method/],
    ['play throws.ts', /throws\.ts does not load: boom/],
    ['check-game import.ts', /import\.ts:1:19 does not load: Could not resolve "\.\/rules\.ts"/],
    ['runs --json missing/list.json', /can't write missing\/list\.json/],
  ])('%s', async (line, message) => {
    const { code, stdout, stderr } = await ngplus(line, { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    // What is said before the work begins may stand above the error.
    const lines = stderr.trimEnd().split('\n');
    expect(lines.at(-1)).toMatch(message);
    expect(lines.length).toBeLessThanOrEqual(2);
  });
});

describe('for scripts', () => {
  it('--json - leaves standard output to JSON', async () => {
    const lines = [
      'games',
      'doctor',
      'runs .',
      'evaluate run --episodes 3',
      `train cartpole ${TINY} --folder run`,
      'similarity run run --observations 10',
      'predict-source cartpole run zoo:cartpole --episodes 1 --observations 10',
    ];
    const results = await Promise.all(lines.map((line) => ngplus(`${line} --json -`, { cwd })));
    const [games, doctor, runs, evaluation, training, alike, predicted] = results.map(({ stdout }) =>
      JSON.parse(stdout),
    );
    expect(results.map(({ code }) => code)).toEqual(lines.map(() => 0));
    expect(games.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining(['breakout', 'cartpole']));
    expect(doctor.backends.filter(({ chosen }: { chosen: boolean }) => chosen)).toHaveLength(1);
    expect(runs).toMatchObject([{ folder: 'run', env: 'cartpole', finished: true, step: 1024, from: null }]);
    expect(evaluation).toMatchObject({ env: 'cartpole', policy: 'greedy', episodes: 3 });
    expect(evaluation.returns).toHaveLength(3);
    expect(alike).toMatchObject({ env: 'cartpole', observations: 10 });
    expect(alike.stages[0]).toMatchObject({ stage: 'stem' });
    expect(alike.stages[0].random).toBeCloseTo(1, 6);
    expect(predicted.sources.map(({ source }: { source: string }) => source).sort()).toEqual(['run', 'zoo:cartpole']);
    expect(training).toMatchObject({ step: 1024, config: { env: 'cartpole', seed: 0 } });
  });

  it('--json FILE is written besides the text', async () => {
    const { code, stdout } = await ngplus('evaluate run --episodes 3 --json evaluation.json', { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^cartpole, greedy: mean \d+\.\d\d /);
    expect(JSON.parse(readFileSync(join(cwd, 'evaluation.json'), 'utf8'))).toMatchObject({ episodes: 3 });
  });

  it('distill makes one policy of several, which is a source of a transfer', async () => {
    const net = '--net mlp --units 8 --num-envs 8 --num-steps 16';
    const teacher = (game: string): string => `train ${game}?observation=canonical ${TINY} ${net} --folder ${game}`;
    const taught = await Promise.all(['breakout', 'asterix'].map((game) => ngplus(teacher(game), { cwd })));
    expect(taught.map(({ code }) => code)).toEqual([0, 0]);
    const line = `distill breakout asterix ${TINY} --num-envs 8 --num-steps 16 --folder mimic --json -`;
    const { code, stdout, stderr } = await ngplus(line, { cwd });
    expect(code, stderr).toBe(0);
    const { step, config } = JSON.parse(stdout);
    expect({ step, ...config }).toMatchObject({
      step: 1024,
      algorithm: 'actor-mimic',
      net: 'mlp',
      netConfig: { units: 8 },
    });
    expect((await ngplus('runs mimic', { cwd })).stdout).toMatch(
      /actor-mimic\/mlp +seed 0 +2 teachers +finished at 1\.0k/,
    );
    const plan = await ngplus('transfer mimic freeway?observation=canonical --reset heads --plan', { cwd });
    expect(plan.stdout).toMatch(/^ +trunk\/0\/kernel +8x8 +copied /m);
    expect(plan.stdout).toMatch(/^ +heads\/policy\/kernel .* fresh /m);
  });

  it('transfer --plan tells what it would do, and does nothing', async () => {
    const { code, stdout, stderr } = await ngplus('transfer run acrobot --plan --folder planned', { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Transfer plan: cartpole -> acrobot \(method full, alignment role\)\n/);
    // The net of a game of features, not that of planes: options depend on the second word.
    expect(stdout).toMatch(/^ +trunk\/0\/kernel +64x64 +copied /m);
    expect((await ngplus('runs planned', { cwd })).stdout).toContain('no runs under "planned"');
  });
});
