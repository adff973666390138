import { UserError } from '../core/errors.ts';
import type { FolderStore } from './store.ts';

/** Where a race keeps how far it is. */
export const RACE_KEY = 'race.json';

/** What tells one kind of work from another: all end with a `result.json`. */
const KINDS = { run: 'config.json', race: RACE_KEY, study: 'study.json' };

/** @throws UserError where the folder holds work of another kind */
export async function refuseOtherWork(store: FolderStore, own: keyof typeof KINDS): Promise<void> {
  for (const [kind, key] of Object.entries(KINDS)) {
    if (kind !== own && (await store.get(key))) {
      throw new UserError(`${store.folder} holds a ${kind}; choose another folder`);
    }
  }
}
