/**
 * Checks who imports whom in src/ and web/: `npx tsx scripts/check-imports.ts`. Lists what breaks the table below, and
 * exits with 1 if anything does. test/architecture.test.ts runs it too.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'vite';

type Area = keyof typeof MAY_IMPORT;

/** For each folder of src (or file beside them), the folders it may import from, besides itself. */
const MAY_IMPORT = {
  core: [],
  envs: ['core'],
  stats: ['core'],
  engine: ['core'],
  nets: ['core', 'engine'],
  agents: ['core', 'engine', 'nets'],
  transfer: ['core', 'nets', 'agents', 'stats'],
  report: ['core', 'stats', 'transfer'],
  runs: ['core', 'envs', 'stats', 'engine', 'nets', 'agents', 'transfer', 'game.ts'],
  exec: ['core', 'envs', 'stats', 'engine', 'nets', 'agents', 'transfer', 'report', 'runs'],
  live: ['core', 'envs', 'stats', 'engine', 'nets', 'agents', 'transfer', 'runs', 'play.ts'],
  cli: 'anything',
  'index.ts': [
    'core',
    'envs',
    'stats',
    'engine',
    'nets',
    'agents',
    'transfer',
    'report',
    'runs',
    'exec',
    'game.ts',
    'play.ts',
  ],
  'game.ts': ['core', 'nets', 'agents', 'transfer'],
  'play.ts': ['core', 'nets', 'runs'],
  web: 'anything',
} as const satisfies Record<string, readonly string[] | 'anything'>;

/** Who may use Node's modules: these folders, and of the engine what loads its backend's files and starts threads. */
const MAY_USE_NODE: readonly string[] = [
  'runs',
  'exec',
  'live',
  'cli',
  'src/engine/index.ts',
  'src/engine/thread.ts',
  'src/engine/lane-thread.ts',
];

/** What browsers load: nothing that these files need may use Node's modules. */
const isForBrowsers = (file: string): boolean =>
  file === 'src/play.ts' || (file.startsWith('web/') && !file.endsWith('.config.ts'));

interface Import {
  /** As written: `../core/rng.ts`, `node:fs`, `zod`. */
  readonly request: string;
  /** Of types alone, so that nothing of it is left when it runs. */
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

/** Source texts by their path from the project's root: `src/core/rng.ts`. */
type Sources = ReadonlyMap<string, string>;

/** Everything in `sources` that the table forbids, a line each. */
export function importViolations(sources: Sources): string[] {
  const imports = new Map([...sources].map(([file, text]) => [file, importsOf(file, text)]));
  return [
    ...[...imports].flatMap(([file, list]) => forbiddenIn(file, list)),
    ...nodeInBrowsers(imports),
    ...cycles(imports),
  ];
}

/** The TypeScript sources in src/ and web/ of the project at `root`. */
export function readSources(root: string): Sources {
  const names = ['src', 'web'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => posix.join(folder, name)),
  );
  const files = names.filter((name) => /\.[mc]?tsx?$/.test(name) && !name.includes('node_modules')).sort();
  return new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
}

function importsOf(file: string, text: string): Import[] {
  const { module, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const staticOnes = module.staticImports.map(({ moduleRequest, entries }) => ({
    request: moduleRequest.value,
    typeOnly: entries.length > 0 && entries.every(({ isType }) => isType),
    dynamic: false,
  }));
  const exported = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, isType }) =>
      moduleRequest ? [{ request: moduleRequest.value, typeOnly: isType, dynamic: false }] : [],
    ),
  );
  const dynamicOnes = module.dynamicImports.map(({ moduleRequest: { start, end } }) => ({
    request: text.slice(start + 1, end - 1),
    typeOnly: false,
    dynamic: true,
  }));
  return [...staticOnes, ...exported, ...dynamicOnes];
}

function areaOf(file: string): string {
  const [top, area] = file.split('/');
  return top === 'web' ? 'web' : area;
}

const targetOf = (file: string, request: string): string | undefined =>
  request.startsWith('.') ? posix.join(posix.dirname(file), request) : undefined;

function forbiddenIn(file: string, imports: readonly Import[]): string[] {
  const area = areaOf(file);
  if (!Object.hasOwn(MAY_IMPORT, area)) return [`${file}: "${area}" is not in the import table`];
  return imports.flatMap((each) => forbidden(file, area as Area, each));
}

function forbidden(file: string, area: Area, { request }: Import): string[] {
  if (request.startsWith('node:')) {
    const may = area === 'web' || MAY_USE_NODE.includes(area) || MAY_USE_NODE.includes(file);
    return may ? [] : [`${file} uses ${request}, which ${area} may not`];
  }
  const target = targetOf(file, request);
  if (target === undefined || !/^(src|web)\//.test(target)) return [];
  const allowed: readonly string[] | 'anything' = MAY_IMPORT[area];
  const wanted = areaOf(target);
  if (wanted === area || allowed === 'anything' || allowed.includes(wanted)) return [];
  return [`${file} imports ${target}; ${area} may import: ${allowed.join(', ') || 'nothing of ours'}`];
}

type Imports = ReadonlyMap<string, readonly Import[]>;

/** Node's modules that a file for browsers needs, with the way to them. */
function nodeInBrowsers(imports: Imports): string[] {
  const found: string[] = [];
  const visit = (file: string, way: readonly string[], seen: Set<string>): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { request, typeOnly, dynamic } of imports.get(file) ?? []) {
      if (typeOnly || dynamic) continue;
      const target = targetOf(file, request);
      if (request.startsWith('node:')) found.push(`browsers can't load ${request}: ${[...way, file].join(' → ')}`);
      else if (target !== undefined) visit(target, [...way, file], seen);
    }
  };
  for (const file of imports.keys()) if (isForBrowsers(file)) visit(file, [], new Set());
  return found;
}

/** Circles of imports, types included; each is told once. */
function cycles(imports: Imports): string[] {
  const found: string[] = [];
  const finished = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) {
      found.push(`circular imports: ${[...way.slice(way.indexOf(file)), file].join(' → ')}`);
      return;
    }
    if (finished.has(file)) return;
    for (const { request, dynamic } of imports.get(file) ?? []) {
      const target = targetOf(file, request);
      if (target !== undefined && !dynamic) visit(target, [...way, file]);
    }
    finished.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const sources = readSources(fileURLToPath(new URL('..', import.meta.url)));
  const violations = importViolations(sources);
  for (const line of violations) console.error(line);
  console.log(`imports of ${sources.size} files checked, ${violations.length} against the table`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
