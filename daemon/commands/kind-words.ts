/** What each kind of lease means for whoever reads a screen: above all, for a stolen machine. */

import type { LeaseKind } from '../../federation/root.ts';

const WORDS: Readonly<Record<LeaseKind, string>> = {
  slices: 'slices, leaves signed in advance: stolen, it can be its own entries alone',
  cell: 'cell, an intermediate of its group: stolen, it can be every workload of that cell',
  domain: 'domain, an intermediate of all: stolen, it can be EVERY workload of the domain',
};

/** One line about a kind of lease; of a kind that a newer daemon names, its name. */
export function kindText(kind: string): string {
  return Object.entries(WORDS).find(([name]) => name === kind)?.[1] ?? kind;
}
