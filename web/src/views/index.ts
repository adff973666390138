import type { ViewModule } from './view.ts';

export interface ViewEntry {
  /** Its place in the page's navigation; null where only links lead to it. */
  readonly label: string | null;
  /** Does it look up what is stored? */
  readonly needsLibrary: boolean;
  /** Is it only for pages that may do more than watch? */
  readonly needsControl?: boolean;
  load(): Promise<ViewModule>;
}

/** Every view by the name in its address. A new one is a file and a line here; it is fetched when it is first shown. */
export const views: Readonly<Record<string, ViewEntry>> = {
  lobby: { label: 'Lobby', needsLibrary: true, load: () => import('./lobby.ts') },
  live: { label: 'Live', needsLibrary: false, load: () => import('./live.ts') },
  dashboard: { label: 'Dashboard', needsLibrary: true, load: () => import('./dashboard.ts') },
  compare: { label: 'Compare', needsLibrary: true, load: () => import('./compare.ts') },
  play: { label: 'Play', needsLibrary: true, needsControl: true, load: () => import('./play.ts') },
  replay: { label: null, needsLibrary: true, load: () => import('./replay.ts') },
};

export const isView = (id: string): boolean => Object.hasOwn(views, id);
