/** Approved states in words, and their names as they are typed. */

import { NAME_CHARS_MAX } from '../../core/limits.ts';
import type { ReferenceState } from '../../firmware/references.ts';
import { hexText } from './attest-print.ts';
import { type CommandContext, UsageError } from './command.ts';
import { countText, factsText } from './print.ts';

/** The name of a state. Throws `UsageError`. */
export function parseStateName(text: string | undefined): string {
  if (text === undefined || text === '') throw new UsageError('--name is missing');
  if (text.length > NAME_CHARS_MAX) {
    throw new UsageError(`--name takes at most ${NAME_CHARS_MAX} characters`);
  }
  return text;
}

/** Tells a person what he is about to have signed. */
export function tellState({ complain }: CommandContext, state: ReferenceState): void {
  for (const line of stateText(state).trimEnd().split('\n')) complain(line);
}

/** A state as it is read before it is signed. */
export function stateText(state: ReferenceState): string {
  const { name, bank, pcrs, events, secureBoot, firmwareVersionMin } = state;
  return factsText([
    ['state', name],
    ['bank', bank],
    ['Secure Boot', secureBoot === 'required' ? 'has to be on' : 'on or off'],
    ['chip firmware', `at least ${hexText(firmwareVersionMin)}`],
    ...[...pcrs].map(([pcr, values]) => [`PCR ${pcr}`, [...values].join(' or ')] as const),
    ...events.map(
      ({ pcr, allow, require }) =>
        [
          `events of ${pcr}`,
          `${countText(allow.size, 'digest', 'digests')} allowed, ${require.size} required`,
        ] as const,
    ),
  ]);
}
