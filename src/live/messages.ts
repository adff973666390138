import * as z from 'zod';
import { type Ask, SPEEDS } from './protocol.ts';

const match = z.string().min(1).max(200);

/** What a page may ask. Anything else is refused. */
const ask: z.ZodType<Ask> = z.discriminatedUnion('ask', [
  z.strictObject({ ask: z.enum(['watch', 'leave', 'next', 'take', 'hand-back']), match }),
  z.strictObject({ ask: z.literal('pause'), match, paused: z.boolean() }),
  z.strictObject({ ask: z.literal('speed'), match, speed: z.literal(SPEEDS) }),
  z.strictObject({ ask: z.literal('press'), match, action: z.int().min(0).max(65534).nullable() }),
  z.strictObject({
    ask: z.literal('duel'),
    match,
    step: z.int().min(0).optional(),
    seed: z.int().min(0).max(0xffff_ffff),
  }),
]);

/** What this event of a client asks, or null where it is nothing a page may ask. */
export function readAsk(event: string, args: readonly unknown[]): Ask | null {
  if (event !== 'ask' || args.length !== 1) return null;
  const result = ask.safeParse(args[0]);
  return result.success ? result.data : null;
}
