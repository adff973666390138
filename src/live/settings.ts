/** Settings by the way to them (`algorithmConfig.gamma`); lists and what lies in them are text. */
export type Settings = Readonly<Record<string, string | number | boolean | null>>;

/** The settings of many runs: what all have in common, and what each has of its own. Plain data. */
export interface Configs {
  readonly shared: Settings;
  readonly runs: Readonly<Record<string, Settings>>;
}

/** Nested settings as one row. */
export function flatSettings(config: Readonly<Record<string, unknown>>, prefix = ''): Settings {
  return Object.fromEntries(
    Object.entries(config).flatMap(([name, value]): [string, Settings[string]][] => {
      const path = prefix + name;
      if (value === undefined) return [];
      if (Array.isArray(value)) return [[path, JSON.stringify(value)]];
      if (typeof value === 'object' && value !== null) return Object.entries(flatSettings({ ...value }, `${path}.`));
      return [[path, value as Settings[string]]];
    }),
  );
}

/** Takes out of each what all have. */
export function apart(runs: readonly (readonly [id: string, settings: Settings])[]): Configs {
  const names = [...new Set(runs.flatMap(([, settings]) => Object.keys(settings)))];
  const isShared = (name: string): boolean =>
    runs.every(([, settings]) => name in settings && settings[name] === runs[0][1][name]);
  const common = new Set(names.filter(isShared));
  const some = (settings: Settings, isCommon: boolean): Settings =>
    Object.fromEntries(Object.entries(settings).filter(([name]) => common.has(name) === isCommon));
  return {
    shared: runs.length === 0 ? {} : some(runs[0][1], true),
    runs: Object.fromEntries(runs.map(([id, settings]) => [id, some(settings, false)])),
  };
}
