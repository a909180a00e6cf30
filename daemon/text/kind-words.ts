/** What each kind of lease means for whoever reads a screen: above all, for a stolen machine. */

import type { LeaseKind } from '../../federation/root.ts';

const WORDS: Readonly<Record<LeaseKind, string>> = {
  slices: 'its own entries alone: a lease of kind slices holds leaves signed in advance',
  cell: 'every workload of its cell: a lease of kind cell holds an intermediate of that cell',
  domain: 'EVERY workload of the domain: a lease of kind domain holds an intermediate of all',
};

/** One line about a kind of lease; of a kind that a newer daemon names, its name. */
export function kindText(kind: string): string {
  return Object.entries(WORDS).find(([name]) => name === kind)?.[1] ?? kind;
}
