import { UserError } from '../core/errors.ts';
import { Duel, type DuelOptions } from './duel.ts';
import type { Library } from './library.ts';
import { type Ask, DUEL, type MatchInfo } from './protocol.ts';
import { loadInTurn } from './run-matches.ts';

/** The page that a duel belongs to: nobody else sees it. */
export interface DuelPage {
  readonly id: string;
  tellMatch(info: MatchInfo): void;
  tellFrame(match: string, text: string): void;
}

/** The duels of all pages, at most one each. */
export interface Duels {
  /** Does as the page asks, where that concerns duels; false where not. */
  obey(ask: Ask, page: DuelPage): boolean;
  /** A page has gone. */
  end(page: string): void;
  close(): void;
}

/** Duels with the agents of a library; without one there are none. */
export function createDuels(library: Library | undefined, options: Pick<DuelOptions, 'stepsPerSecond'>): Duels {
  const duels = new Map<string, Duel>();
  /** What each page has asked for last: a duel that took long to load must not replace a later one. */
  const asked = new Map<string, object>();
  const end = (page: string): void => {
    asked.delete(page);
    duels.get(page)?.close();
    duels.delete(page);
  };
  const begin = async (ask: Extract<Ask, { ask: 'duel' }>, page: DuelPage): Promise<void> => {
    end(page.id);
    asked.set(page.id, ask);
    const refuse = (problem: string): void => {
      const nothing = { driver: 'policy', state: 'stopped', speed: 1, stage: null } as const;
      if (asked.get(page.id) === ask) page.tellMatch({ ...nothing, id: DUEL.agent, label: ask.match, problem });
    };
    if (library === undefined) return refuse('no agents are stored here');
    try {
      const { bytes } = await library.checkpoint(ask.match, ask.step);
      if (!ask.match.startsWith('zoo:')) await loadInTurn(await library.folder(ask.match));
      const label = (await library.list()).find(({ id }) => id === ask.match)?.label ?? ask.match;
      if (asked.get(page.id) !== ask) return;
      const duel: Duel = new Duel(bytes, label, {
        ...options,
        seed: ask.seed,
        onFrame: page.tellFrame,
        onChange: () => duel.infos().forEach(page.tellMatch),
      });
      duels.set(page.id, duel);
      duel.infos().forEach(page.tellMatch);
      duel.setWatched(true);
    } catch (error) {
      refuse(error instanceof UserError ? error.message : 'this agent can’t be loaded');
    }
  };
  return {
    end,
    obey(ask, page) {
      if (ask.ask === 'duel') {
        void begin(ask, page);
        return true;
      }
      if (ask.match !== DUEL.you && ask.match !== DUEL.agent) return false;
      const duel = duels.get(page.id);
      if (ask.ask === 'watch' || ask.ask === 'leave') duel?.setWatched(ask.ask === 'watch');
      else if (ask.ask === 'next') duel?.next();
      else if (ask.ask === 'pause') duel?.setPaused(ask.paused);
      else if (ask.ask === 'speed') duel?.setSpeed(ask.speed);
      else if (ask.ask === 'press') duel?.press(ask.action);
      return true;
    },
    close: () => [...duels.keys()].forEach(end),
  };
}
