import * as z from 'zod';
import { games as registered } from '../envs/index.ts';
import { variantFields, wrapperFields } from '../envs/env-id.ts';
import { observationSize } from '../core/game.ts';
import { defineCommand } from './flags.ts';
import { gameOption, loadModules } from './options.ts';
import { say, writeJson } from './output.ts';

export const games = defineCommand({
  name: 'games',
  summary: 'list the games, what they show, their actions and variants',
  options: z.object({
    name: z.string().default('').describe('only this game'),
    ...gameOption.shape,
    json: z.string().default('').describe('write the list as JSON to this file, - for standard output'),
  }),
  positionals: ['name'],
  examples: [['ngplus games breakout', 'everything about one game']],
  async run({ options, io }) {
    await loadModules(options);
    const { findGame } = await import('../envs/index.ts');
    const shown = options.name === '' ? registered : [findGame(options.name)];
    const rows = shown.map((game) => {
      const observation = game.observation(game.variants.parse({}));
      return {
        id: game.id,
        summary: game.summary,
        players: game.players,
        observation,
        values: observationSize(observation),
        actions: game.actions,
        minimalActions: game.minimalActions ?? game.actions.map(({ name }) => name),
        variants: variantFields(game),
        options: wrapperFields(game),
      };
    });
    if (options.json !== '') return writeJson(io, options.json, rows);
    say(io, '', rows.map((row) => (options.name === '' ? listed(row) : described(row))).join('\n'));
  },
});

type Row = {
  id: string;
  summary: string;
  observation: ReturnType<(typeof registered)[number]['observation']>;
  actions: readonly { name: string; roles: readonly string[] }[];
  variants: ReturnType<typeof variantFields>;
  options: ReturnType<typeof wrapperFields>;
};

const sizeText = ({ observation }: Row): string =>
  observation.kind === 'planes'
    ? `${observation.height}x${observation.width}x${observation.channels.length} planes`
    : `${observation.features.length} features`;

const listed = (row: Row): string =>
  [
    `${row.id}: ${row.summary}`,
    `    ${sizeText(row)}; ${row.actions.length} actions; variants ${row.variants.map(({ name }) => name).join(', ') || 'none'}`,
  ].join('\n');

function described(row: Row): string {
  const { observation } = row;
  const labels = observation.kind === 'planes' ? observation.channels : observation.features;
  const named = ({ name, roles }: { name: string; roles: readonly string[] }): string =>
    `    ${name.padEnd(18)} ${roles.join(', ')}`;
  const option = ({ name, description, range, default: value }: Row['variants'][number]): string =>
    `    ${name.padEnd(18)} ${description} (${range}; default ${String(value)})`;
  return [
    `${row.id}: ${row.summary}`,
    `  ${sizeText(row)}, by name and roles:`,
    ...labels.map(named),
    '  actions:',
    ...row.actions.map(named),
    row.variants.length === 0 ? '  no variants' : `  variants, e.g. ${row.id}?${row.variants[0].name}=…:`,
    ...row.variants.map(option),
    '  options of every game:',
    ...row.options.map(option),
  ].join('\n');
}
