import { resolve } from 'node:path';
import { FolderStore, type Store } from './store.ts';

/** The store at a place: a folder, or `s3://bucket/prefix`. @throws UserError for another URL */
export async function openStore(place: string): Promise<Store> {
  if (!isUrl(place)) return new FolderStore(place);
  // Else every thread says at length that versions to come want a newer Node.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  // Only who uses it waits for Amazon's library.
  const { openS3Store } = await import('./s3-store.ts');
  return openS3Store(place);
}

/** A place as other processes can find it. */
export const absolutePlace = (place: string): string => (isUrl(place) ? place.replace(/\/+$/, '') : resolve(place));

const isUrl = (place: string): boolean => place.includes('://');
