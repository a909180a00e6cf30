/**
 * Which settings a running daemon takes over when its configuration is read anew, and which wait
 * for the next start: those that say what the daemon is, or what it holds open.
 */

import { type Config, KEYS } from './keys.ts';

/** What is taken over at once. */
export const LIVE = [
  'peers',
  ...(['observers', 'auditors', 'operators', 'admins', 'secondPerson'] as const),
  ...(['logFormat', 'logLevel'] as const),
] as const satisfies readonly (keyof Config)[];

/** What a new configuration changes, under the names of TOML. */
export interface Reloaded {
  readonly taken: readonly string[];
  /** In force after the next start alone. */
  readonly waiting: readonly string[];
}

/** Compares a new configuration with the one in force. */
export function changesOf(now: Config, next: Config): Reloaded {
  const names = Object.keys(KEYS) as (keyof Config)[];
  const changed = names.filter((name) => JSON.stringify(now[name]) !== JSON.stringify(next[name]));
  const tomlOf = (name: keyof Config): string => KEYS[name].toml;
  return {
    taken: changed.filter(isLive).map(tomlOf),
    waiting: changed.filter((name) => !isLive(name)).map(tomlOf),
  };
}

/** The configuration in force after it. */
export function afterReload(now: Config, next: Config): Config {
  const taken = LIVE.map((name) => [name, next[name]] as const);
  return { ...now, ...Object.fromEntries(taken) };
}

function isLive(name: keyof Config): boolean {
  return LIVE.some((live) => live === name);
}
