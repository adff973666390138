import type { ExhibitionOptions, Match } from './match.ts';
import type { ViewerStatus } from './protocol.ts';

/** The weights of a policy at a training step: a checkpoint file's bytes. */
export interface Weights {
  readonly step: number;
  readonly bytes: Uint8Array;
}

interface Named {
  /** Unique in a viewer. */
  readonly id: string;
  /** The player's name on the page. */
  readonly label: string;
  /** What the agent is in an experiment: `source`, `scratch`, `transferred`, …. */
  readonly arm?: string;
  /** Makes the game known where it is a user's own; asked again after it has failed. */
  load?(): Promise<void>;
}

/** A policy that plays, with weights that may still be learning. */
export interface PolicySource extends Named {
  readonly driver?: 'policy';
  /** The full env id where it is known before the first weights are. */
  readonly env?: string;
  /** The newest weights, or null where there are none newer than those of training step `after`. */
  latest(after: number): Promise<Weights | null>;
}

/** A game played by chance or by the keys of whoever watches. */
export interface OpenSource extends Named {
  readonly driver: 'random' | 'keys';
  readonly env: string;
}

/** What an exhibition can play. */
export type PlayedSource = PolicySource | OpenSource;

/** A match that is not simply played here: by another server, or for others, too. */
export interface HostedSource {
  readonly id: string;
  open(options: ExhibitionOptions): Match;
}

/** Where a match comes from. */
export type MatchSource = PlayedSource | HostedSource;

/** Match sources that come and go, asked for every few seconds. */
export interface MatchFeed<Source extends MatchSource = MatchSource> {
  list(): Promise<readonly Source[]>;
  /** What there is to tell besides; takes the place of that part of the viewer's status. */
  status?(): Promise<Partial<ViewerStatus>>;
  /** Does somebody look who is not connected to this viewer? */
  isWanted?(): boolean;
}
