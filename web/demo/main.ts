import type { Curve, Job } from '../../src/live/protocol.ts';
import type { TransferPlan } from '../../src/transfer/plan.ts';
import { byId, h, setText } from '../src/elements.ts';
import { onKeys } from '../src/key-events.ts';
import { openKeyHelp } from '../src/key-help.ts';
import { KEYS } from '../src/keys.ts';
import type { MatchSnapshot } from '../src/match-view.ts';
import { score, steps } from '../src/numbers.ts';
import { ProgressView } from '../src/progress-view.ts';
import { loadBoards as fetchBoards } from '../src/stage/boards.ts';
import type { Boards } from '../src/stage/stage.ts';
import { type Arm, ARMS, type News } from './experiment.ts';
import { LocalMatch } from './local-match.ts';
import { PAIRS } from './pairs.ts';
import { Phase } from './phases.ts';
import { planTable } from './plan-table.ts';
import { settingsOf } from './settings.ts';
import type { Order } from './trainer.ts';

declare global {
  interface Window {
    /** The page's state, for tests and the curious. */
    __ngplusDemo: { kernels: string | null; state: State; match(arm: string): MatchSnapshot | null };
  }
}

type State = 'ready' | 'running' | 'paused' | 'finished' | 'failed';

/** How far an arm is. */
interface Standing {
  step: number;
  evaluations: Extract<News, { news: 'progress' }>['evaluations'];
  /** The trained agent's checkpoint, once it is there. */
  checkpoint: Blob | null;
}

const LABELS: Readonly<Record<Arm, string>> = {
  source: 'learns the source',
  transferred: 'transferred',
  scratch: 'from scratch',
};

const pair = byId('pair') as HTMLSelectElement;
const seed = byId('seed') as HTMLInputElement;
const [start, pause, again] = ['start', 'pause', 'again'].map((id) => byId(id) as HTMLButtonElement);
const phases = ['1  Learn the source', '2  Move the layers', '3  Learn the target, twice'].map((t) => new Phase(t));
const targetProgress = new ProgressView(byId('target'), byId('verdict'));
const sourceProgress = new ProgressView(byId('source'), h('div'));

let settings = settingsOf(new URLSearchParams(location.search));
let worker: Worker | null = null;
let state: State = 'ready';
let kernels: string | null = null;
let plan: TransferPlan | null = null;
let standings = freshStandings();
let boards: Promise<Boards | null> | null = null;
const matches = new Map<Arm, LocalMatch>();
/** The gain of knowledge in each run of this page, by what was asked for. */
const outcomes = new Map<string, { readonly seed: number; readonly difference: number }[]>();

window.__ngplusDemo = {
  get kernels() {
    return kernels;
  },
  get state() {
    return state;
  },
  match: (arm) => matches.get(arm as Arm)?.snapshot() ?? null,
};

function freshStandings(): Record<Arm, Standing> {
  const fresh = (): Standing => ({ step: 0, evaluations: [], checkpoint: null });
  return { source: fresh(), transferred: fresh(), scratch: fresh() };
}

function begin(): void {
  worker?.terminate();
  clearMatches();
  const { source, target } = PAIRS[Number(pair.value)];
  settings = { ...settings, source, target, seed: Number(seed.value) };
  [plan, standings, kernels] = [null, freshStandings(), null];
  byId('plan').hidden = true;
  byId('notice').hidden = true;
  document.querySelectorAll<HTMLAnchorElement>('.repeat a').forEach(({ href }) => URL.revokeObjectURL(href));
  document.querySelector('.repeat')?.remove();
  worker = new Worker(new URL('./trainer.ts', import.meta.url), { type: 'module' });
  worker.addEventListener('message', ({ data }: MessageEvent<News>) => hear(data));
  worker.addEventListener('error', ({ message }) => hear({ news: 'failed', message: message || 'The worker failed.' }));
  tellWorker({ order: 'start', settings });
  enter('running');
}

const tellWorker = (order: Order): void => worker?.postMessage(order);

function hear(news: News): void {
  if (news.news === 'kernels') ({ kernels } = news);
  else if (news.news === 'progress') Object.assign(standings[news.arm], news);
  else if (news.news === 'weights') takeWeights(news);
  else if (news.news === 'plan') showPlan(news.plan);
  else if (news.news === 'finished') finish();
  else fail(news.message);
  show();
}

function takeWeights({ arm, step, bytes, last }: Extract<News, { news: 'weights' }>): void {
  if (arm === 'source' || standings.source.checkpoint !== null) openMatch(arm).take({ step, bytes });
  if (last) standings[arm].checkpoint = new Blob([bytes], { type: 'application/octet-stream' });
}

function openMatch(arm: Arm): LocalMatch {
  const there = matches.get(arm);
  if (there !== undefined) return there;
  // The target is played where the source was: there is room for two boards.
  if (arm !== 'source') {
    matches.get('source')?.remove();
    matches.delete('source');
  }
  const { source, target } = settings;
  const env = arm === 'source' ? source : target;
  const match = new LocalMatch({ id: arm, label: LABELS[arm], arm, env }, settings.seed, loadBoards());
  matches.set(arm, match);
  const order: readonly Arm[] = ['source', 'scratch', 'transferred'];
  byId('matches').replaceChildren(...order.flatMap((each) => matches.get(each)?.element ?? []));
  byId('matches').dataset['count'] = String(matches.size);
  match.setSeen(!document.hidden);
  return match;
}

function loadBoards(): Promise<Boards | null> {
  boards ??= fetchBoards().catch(({ message }: Error) => {
    boards = null;
    alertOf(`The boards can’t be drawn: ${message}. Reload this page.`);
    return null;
  });
  return boards;
}

function clearMatches(): void {
  matches.forEach((match) => match.remove());
  matches.clear();
  byId('matches').dataset['count'] = '0';
}

function showPlan(next: TransferPlan): void {
  plan = next;
  const place = byId('plan');
  place.replaceChildren(planTable(plan));
  place.hidden = false;
}

function finish(): void {
  const key = `${settings.source} ${settings.target}`;
  const earlier = (outcomes.get(key) ?? []).filter((outcome) => outcome.seed !== settings.seed);
  const difference = meanReturn('transferred') - meanReturn('scratch');
  outcomes.set(key, [...earlier, { seed: settings.seed, difference }]);
  byId('verdict').after(repetition());
  enter('finished');
}

function fail(message: string): void {
  worker?.terminate();
  alertOf(`The training stopped: ${message}`);
  enter('failed');
}

function alertOf(text: string): void {
  byId('notice').hidden = false;
  setText(byId('notice'), text);
}

/** Over the whole training: the mean of its evaluations, the one before any learning left out. */
function meanReturn(arm: Arm): number {
  const means = standings[arm].evaluations.filter(([step]) => step > 0).map(([, mean]) => mean);
  return means.reduce((sum, mean) => sum + mean, 0) / means.length;
}

function verdict(): string {
  const [transferred, scratch] = [meanReturn('transferred'), meanReturn('scratch')];
  const better =
    transferred === scratch
      ? 'neither agent'
      : transferred > scratch
        ? 'the transferred agent'
        : 'the agent from scratch';
  return (
    `With seed ${settings.seed}, ${better} got more: ` +
    `over all ${steps(settings.steps)} steps the mean return was ${score(transferred)} transferred, ${score(scratch)} from ` +
    'scratch. One seed is an anecdote: another may say the opposite.'
  );
}

/** What it takes to know, beside what this page has seen so far; and the agents to take along. */
function repetition(): HTMLElement {
  const { source, target, steps: count } = settings;
  const seen = outcomes.get(`${source} ${target}`)!;
  const ahead = seen.filter(({ difference }) => difference > 0).length;
  const soFar = seen.length > 1 ? ` On this page, transfer was ahead with ${ahead} of ${seen.length} seeds.` : '';
  const command =
    `npx ngplus study --sources '${source}' --targets '${target}' --seeds 10 ` +
    `--source-timesteps ${count} --target-timesteps ${count} --num-steps 32 --num-minibatches 4`;
  return h(
    'section',
    { class: 'repeat', 'aria-label': 'To know for sure' },
    h('p', {}, `Only many seeds and an interval can tell whether it helps.${soFar} This study does it:`),
    h('pre', {}, h('code', {}, command)),
    h('p', {}, 'Take the agents along, for ', h('code', {}, 'ngplus watch FILE'), ': ', ...ARMS.flatMap(download)),
  );
}

function download(arm: Arm): (Node | string)[] {
  const { checkpoint } = standings[arm];
  if (checkpoint === null) return [];
  const link = h('a', { href: URL.createObjectURL(checkpoint), download: `${arm}.safetensors` }, `${arm}.safetensors`);
  return [link, ' '];
}

function enter(next: State): void {
  state = next;
  show();
}

function show(): void {
  document.body.dataset['state'] = state;
  const isBusy = state === 'running' || state === 'paused';
  start.disabled = pair.disabled = seed.disabled = isBusy;
  pause.disabled = !isBusy;
  setText(pause, state === 'paused' ? 'Go on' : 'Pause');
  again.disabled = state !== 'finished' && state !== 'failed';
  showPhases();
  const { source, target } = settings;
  sourceProgress.show({
    caption: '',
    curves: [curveOf('source')],
    curvesTitle: titleOf(source),
  });
  targetProgress.show({
    caption: '',
    curves: [curveOf('scratch'), curveOf('transferred')],
    curvesTitle: titleOf(target),
    ...(plan !== null && { jobs: [jobOf('scratch'), jobOf('transferred')] }),
    ...(state === 'finished' && { verdict: verdict() }),
  });
}

/** Of a chart; on a phone there is little room beside its legend. */
const titleOf = (env: string): string => (matchMedia('(width < 760px)').matches ? env : `return on ${env}`);

const curveOf = (arm: Arm): Curve => ({ label: arm, arm, points: standings[arm].evaluations });

const share = (arm: Arm): number => Math.min(1, standings[arm].step / settings.steps);

const jobOf = (arm: Arm): Job => ({
  id: arm,
  label: LABELS[arm],
  arm,
  state: standings[arm].checkpoint === null ? 'running' : 'finished',
  progress: share(arm),
});

function showPhases(): void {
  const { source, target } = settings;
  const inAll = steps(settings.steps);
  const isSourceDone = standings.source.checkpoint !== null;
  const hasBegun = state !== 'ready';
  const at = (arm: Arm): string => steps(Math.min(standings[arm].step, settings.steps));
  phases[0].show(
    isSourceDone ? 'done' : hasBegun ? 'running' : 'waiting',
    isSourceDone
      ? `${inAll} steps of ${source}, from return ${first('source')} to ${last('source')}.`
      : hasBegun
        ? `${at('source')} of ${inAll} steps of ${source}.`
        : `An agent learns ${source} for ${inAll} steps.`,
    share('source'),
  );
  const taken = plan?.entries.reduce((sum, { copiedValues }) => sum + copiedValues, 0) ?? 0;
  const values = plan?.entries.reduce((sum, { totalValues }) => sum + totalValues, 0) ?? 0;
  phases[1].show(
    plan === null ? 'waiting' : 'done',
    plan === null
      ? 'What the two games have in common moves; the rest starts fresh.'
      : `${taken.toLocaleString('en')} of ${values.toLocaleString('en')} values moved; the rest starts fresh.`,
    plan === null ? 0 : 1,
  );
  const isDone = state === 'finished';
  phases[2].show(
    isDone ? 'done' : plan === null ? 'waiting' : 'running',
    isDone
      ? `${inAll} steps of ${target} each: ${last('transferred')} transferred, ${last('scratch')} from scratch.`
      : plan === null
        ? `That agent goes on with ${target}; another learns it from scratch.`
        : `${at('transferred')} of ${inAll} steps of ${target}, both in turn.`,
    (share('transferred') + share('scratch')) / 2,
  );
}

const first = (arm: Arm): string => score(round(standings[arm].evaluations[0]?.[1] ?? 0));
const last = (arm: Arm): string => score(round(standings[arm].evaluations.at(-1)?.[1] ?? 0));
const round = (value: number): number => Number(value.toFixed(2));

pair.append(...PAIRS.map(({ label }, i) => h('option', { value: i }, label)));
pair.value = String(PAIRS.findIndex(({ source, target }) => source === settings.source && target === settings.target));
seed.value = String(settings.seed);
byId('phases').append(...phases.map(({ element }) => element));

byId('controls').addEventListener('submit', (event) => {
  event.preventDefault();
  begin();
});
pause.addEventListener('click', () => {
  tellWorker({ order: state === 'paused' ? 'resume' : 'pause' });
  enter(state === 'paused' ? 'running' : 'paused');
});
again.addEventListener('click', () => {
  seed.value = String((settings.seed + 1) % 10_000);
  begin();
});
/** The match that a key goes to: the one with the focus, else the one that a human has taken over, else the first. */
function keyed(): LocalMatch | undefined {
  const focused = document.activeElement?.closest<HTMLElement>('[data-match]')?.dataset['match'] as Arm | undefined;
  const all = [...matches.values()];
  return (focused && matches.get(focused)) ?? all.find((match) => match.snapshot().info.driver === 'keys') ?? all[0];
}

const help = (): void => openKeyHelp(KEYS['live']);
onKeys(
  help,
  (key) => keyed()?.keyDown(key),
  (key) => keyed()?.keyUp(key),
);
byId('keys').addEventListener('click', help);
window.addEventListener('blur', () => matches.forEach((match) => match.releaseKeys()));
document.addEventListener('visibilitychange', () => matches.forEach((match) => match.setSeen(!document.hidden)));
show();
