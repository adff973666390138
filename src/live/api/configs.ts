import { join } from 'node:path';
import * as z from 'zod';
import { readIf } from '../run-folder.ts';
import { apart, type Configs, flatSettings, type Settings } from '../settings.ts';
import { defineEndpoint } from './endpoint.ts';

/** The `config.json` of every run: `Configs`. Labels, and what a transfer took over, are left out. */
export const configs = defineEndpoint({
  query: z.strictObject({}),
  async answer(_query, library): Promise<Configs> {
    const runs = (await library.list()).filter(({ kind }) => kind === 'run');
    const read = await Promise.all(
      runs.map(async ({ id }): Promise<[string, Settings][]> => {
        const config = await readIf(join(await library.folder(id), 'config.json'), z.looseObject({}));
        if (config === null) return [];
        const { label: _label, transfer: _transfer, ...settings } = config;
        return [[id, flatSettings(settings)]];
      }),
    );
    return apart(read.flat());
  },
});
