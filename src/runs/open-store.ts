import { FolderStore, type Store } from './store.ts';

/** The store at a place: a folder. */
export async function openStore(place: string): Promise<Store> {
  return new FolderStore(place);
}
