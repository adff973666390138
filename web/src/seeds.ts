/** Seeds of every kind of luck are whole numbers from 0 to this. */
export const LAST_SEED = 0xffff_ffff;

/** What comes after this luck; after the last, the first. */
export const nextSeed = (seed: number): number => (seed === LAST_SEED ? 0 : seed + 1);
