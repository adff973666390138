import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { runCommand } from '../../src/cli/flags.ts';
import { prepareStudy, study } from '../../src/exec/api.ts';
import { readStudyFile } from '../../src/exec/registration.ts';
import { describeStudy, type Study, studyId } from '../../src/exec/study.ts';
import { tinyStudy } from './tiny-study.ts';

let folder: string;
const inside = (name: string): string => join(folder, name);
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'ngplus-registration-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { sources, targets, seeds, sourceTimesteps, targetTimesteps, ...rest } = tinyStudy();
const design = { sources, targets, seeds, sourceTimesteps, targetTimesteps };
const registered = { hypothesis: 'Cart pole helps.', primaryMetric: 'jumpstart', ...design, ...rest };

const YAML = `# Registered before the study.
hypothesis: >
  Swinging up is learned faster
  by who balanced a pole.
primaryMetric: ratio
sources: [cartpole]
targets: ['acrobot?maxSteps=50']
seeds: 4
sourceTimesteps: 1000
targetTimesteps: 2000
algorithmConfig:
  gamma: 0.98
game: ./my-game.ts?width=3
`;

const write = (name: string, text: string): string => {
  writeFileSync(inside(name), text);
  return inside(name);
};

async function ngplus(...argv: string[]): Promise<{ code: number; stderr: string }> {
  let stderr = '';
  const sink = (take: (text: string) => void): Writable =>
    new Writable({ write: (chunk, _, done) => (take(String(chunk)), done()) });
  const signal = new AbortController().signal;
  const io = { stdout: sink(() => {}), stderr: sink((text) => (stderr += text)), env: {}, signal };
  const code = await runCommand({ name: 'ngplus', version: '0', summary: '', commands }, ['study', ...argv], io);
  return { code, stderr };
}

describe('a study file', () => {
  it('holds the options of a study and what is expected, in YAML', () => {
    const { registration, ...request } = readStudyFile(write('study.yaml', YAML));
    expect(request).toEqual({
      primaryMetric: 'ratio',
      sources: ['cartpole'],
      targets: ['acrobot?maxSteps=50'],
      seeds: 4,
      sourceTimesteps: 1000,
      targetTimesteps: 2000,
      algorithmConfig: { gamma: 0.98 },
      game: [inside('my-game.ts?width=3')],
    });
    const bytes = readFileSync(inside('study.yaml'));
    expect(registration).toEqual({
      file: 'study.yaml',
      sha256: createHash('sha256').update(bytes).digest('hex'),
      hypothesis: 'Swinging up is learned faster by who balanced a pole.\n',
      text: bytes.toString(),
    });
  });

  it('may be JSON', () => {
    const file = write('study.json', JSON.stringify(registered));
    expect(readStudyFile(file)).toMatchObject({ ...rest, ...design, primaryMetric: 'jumpstart' });
  });

  it('is settled like any other study: the example', () => {
    const request = readStudyFile(fileURLToPath(new URL('../../examples/study.yaml', import.meta.url)));
    const described = describeStudy(request, '', { backend: 'cpu', kernels: 'tfjs' });
    expect(described.jobs).toHaveLength((3 + 5) * 10 + 1);
    expect(described.registration?.hypothesis).toContain('faster than from scratch');
  });

  test.each<[text: string, message: string]>([
    [YAML.replace('seeds: 4\n', ''), 'seeds is missing; valid: whole number from 2 to 1000'],
    [YAML.replace('seeds: 4', 'seeds: many'), 'seeds: "many" is not valid; valid: whole number from 2 to 1000'],
    [YAML.replace('Metric: ratio', 'Metric: luck'), 'primaryMetric: "luck" is not valid; valid: ratio, difference,'],
    [YAML.replace(/hypothesis: >\n.*\n.*\n/, ''), 'hypothesis is missing'],
    [YAML.replace('[cartpole]', 'cartpole'), 'sources: "cartpole" is not valid; valid: list of at least 1: text'],
    [YAML.replace('[cartpole]', '[]'), 'sources: the list [] is not valid; valid: list of at least 1: text'],
    [YAML.replace('seeds: 4', 'seeds: "4"'), 'seeds: the text "4" is not valid; valid: whole number from 2 to 1000'],
    [YAML.replace('seeds: 4', 'seeds: [4]'), 'seeds: the list [4] is not valid; valid: whole number from 2 to 1000'],
    [YAML.replace('1000', '1_000'), 'sourceTimesteps: the text "1_000" is not valid; valid: whole number of at least'],
    [`${YAML}methods: full`, 'methods: "full" is not valid; valid: list of at least 1: text'],
    [`${YAML}map: {ball: enemy}`, 'map: {"ball":"enemy"} is not valid; valid: list of: text'],
    [`${YAML}evaluations: 0`, 'evaluations: "0" is not valid; valid: whole number from 1 to 1000'],
    [`${YAML}netConfig: 3`, 'netConfig: the number 3 is not valid; valid: options, as in {name: value}'],
    [YAML.replace(/game: .*/, 'game: 3'), 'game: the number 3 is not valid; valid: text or list of: text'],
    [`${YAML}folder: runs/mine`, 'folder changes no result: give it beside the file (--folder)'],
    [`${YAML}threads: 2`, 'threads changes no result: give it beside the file (--threads)'],
    [`${YAML}speed: 9`, 'unknown option "speed" (did you mean "seed"?); valid: methods, controls, '],
    [YAML.replace('targets:', 'seeds:'), 'Map keys must be unique at line'],
    ['a: b: c', 'Nested mappings are not allowed'],
    ['- 1', 'is no list of options'],
    ['', 'is no list of options'],
  ])('is refused in one line: %#', (text, message) => {
    const file = write('bad.yaml', text);
    expect(() => readStudyFile(file)).toThrow(`${file}: ${message}`);
    try {
      readStudyFile(file);
    } catch (error) {
      expect((error as Error).message).not.toContain('\n');
    }
  });

  it.each(['none', '[none]', '[]'])('may say %s where nothing is wanted, as a command line does', (none) => {
    const { controls, copy } = readStudyFile(write('none.yaml', `${YAML}controls: ${none}\ncopy: none`));
    expect({ controls, copy }).toEqual({ controls: [], copy: null });
  });

  it('is refused where it is not there', () => {
    expect(() => readStudyFile(inside('nowhere.yaml'))).toThrow(/^can't read .*nowhere\.yaml: /);
  });

  it.each([
    [{ methodConfig: { l2SpStrength: 1 } }, 'unknown option of full "l2SpStrength"; there are none'],
    [{ sources: ['pong'] }, 'unknown game "pong"; valid: breakout, '],
  ])('is named where what it says is refused later: %j', async (more, message) => {
    const file = write('later.yaml', JSON.stringify({ ...registered, ...more }));
    await expect(prepareStudy({ file })).rejects.toThrow(`${file}: ${message}`);
  });

  it('takes nothing beside it that its result depends on', async () => {
    const file = write('alone.yaml', JSON.stringify(registered));
    await expect(study({ file, seeds: 3 } as never)).rejects.toThrow(/^seeds can't be given beside/);
    expect(await ngplus('--file', file, '--seeds', '3')).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^ngplus study: --seeds can't be given beside --file: .*valid: --file, --folder,/),
    });
    expect((await ngplus('--file', file, '--no-fused')).stderr).toMatch(/--fused can't be given beside --file/);
    expect((await ngplus('--file', file, '--freeze')).stderr).toMatch(/--freeze can't be given beside --file/);
    // This file names its controls.
    await expect(study({ file, controls: ['shuffled'] })).rejects.toThrow(/^controls can't be given beside/);
  });

  it('takes controls and a gate beside it where it names none, for the same study', async () => {
    const { controls: _controls, ...plain } = registered;
    const file = write('extras.yaml', JSON.stringify(plain));
    const of = async (extras: object): Promise<Study> => (await prepareStudy({ file, ...extras })).study;
    const arms = ({ jobs }: Study): string[] => [...new Set(jobs.map(({ job }) => job.control ?? job.arm))];
    const [all, none, gate] = [await of({}), await of({ controls: [] }), await of({ controls: [], gate: true })];
    expect(arms(all)).toEqual([
      'source',
      'scratch',
      'transfer',
      'same-game',
      'random-trunk',
      'shuffled',
      'scratch-long',
      'random',
    ]);
    expect(arms(none)).toEqual(['source', 'scratch', 'transfer', 'random']);
    expect(arms(gate)).toEqual(['source', 'scratch', 'transfer', 'race', 'gate-scratch', 'random']);
    expect(new Set([all, none, gate].map(studyId)).size).toBe(1);
    await expect(of({ gateShare: 0.2 })).rejects.toThrow(`gateShare is of a gate, and ${file} names none`);
    expect((await of({ gate: true, gateShare: 0.2 })).options).toMatchObject({ gate: true, gateShare: 0.2 });
    expect(
      await ngplus('--file', file, '--controls', 'none', '--no-gate', '--folder', inside('none'), '--threads', '1'),
    ).toMatchObject({ code: 0 });
    const result = JSON.parse(readFileSync(inside('none/result.json'), 'utf8'));
    expect(result.pairs).toHaveLength(1);
    expect(result.registration.besides).toEqual({ controls: [], gate: false });
    expect(readFileSync(inside('none/report.html'), 'utf8')).toContain('controls, given beside it');
  });
});

describe('a registered study', () => {
  it('keeps its file in the result and the report, and is another one once the file is edited', async () => {
    const file = write('run.yaml', JSON.stringify(registered));
    expect(await ngplus('--file', file, '--folder', inside('run'), '--threads', '1')).toMatchObject({ code: 0 });
    const result = JSON.parse(readFileSync(inside('run/result.json'), 'utf8'));
    const { registration } = readStudyFile(file);
    expect(result.registration).toEqual(registration);
    expect(result.request).not.toHaveProperty('registration');
    expect(result.options.primaryMetric).toBe('jumpstart');
    expect(result.pairs[0].comparison).toMatchObject({ primary: 'jumpstart', p: null });
    expect(result.pairs[0].holm).toBeNull();

    const report = readFileSync(inside('run/report.html'), 'utf8');
    for (const part of [registration.sha256, 'Cart pole helps.', 'What was registered']) expect(report).toContain(part);
    expect(readdirSync(inside('run/figures')).sort()).toEqual([
      'curves-1-cartpole-acrobot-maxSteps-50-full.svg',
      'matrix-full.svg',
    ]);
    for (const name of ['pairs.csv', 'curves.csv']) expect(existsSync(inside(`run/${name}`))).toBe(true);

    // The same again is read back; from code it is the same study.
    expect((await study({ file, folder: inside('run') })).registration).toEqual(registration);
    write('run.yaml', JSON.stringify({ ...registered, hypothesis: 'As I always said, it hurts.' }));
    await expect(study({ file, folder: inside('run') })).rejects.toThrow('holds another study');
  }, 60_000);
});
