import * as z from 'zod';
import type { SharedLane } from '../share.ts';
import { sharedFile, sharedMatch } from '../share.ts';
import { Download, defineEndpoint } from './endpoint.ts';
import { episodeQuery } from './queries.ts';
import { recording } from './recording.ts';

/** Lanes beyond this many would fit on no screen. */
const MOST_LANES = 4;

const { seed, mode, maxSteps, id } = episodeQuery.shape;
const lane = z.strictObject({ id, step: z.int().min(0).optional() });

/** One stored agent's episode, or those of several, as an HTML file that plays by itself. */
export const share = defineEndpoint({
  query: z.strictObject({
    /** JSON: `[{"id":"…","step":1000}, …]`; without a step, the newest checkpoint. */
    lanes: z.string().max(4000).transform(parsed).pipe(z.array(lane).min(1).max(MOST_LANES)),
    seed,
    mode,
    maxSteps,
  }),
  async answer({ lanes, ...options }, library) {
    const entries = await library.list();
    const shared = await Promise.all(
      lanes.map(async (asked): Promise<SharedLane> => {
        const made = (await recording.answer({ ...asked, ...options }, library)) as SharedLane['recording'];
        const { label, arm } = entries.find(({ id }) => id === asked.id)!;
        return { label, arm, recording: made };
      }),
    );
    return new Download('match.html', 'text/html; charset=utf-8', await sharedFile(sharedMatch(shared)));
  },
});

function parsed(text: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'no JSON' });
    return z.NEVER;
  }
}
