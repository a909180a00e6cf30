/** Approved states in words, and their names as they are typed. */

import { NAME_CHARS_MAX } from '../../core/limits.ts';
import type { ReferenceState } from '../../firmware/references.ts';
import { stateFacts } from '../tpm/state-words.ts';
import { type CommandContext, UsageError } from './command.ts';
import { factsText } from './print.ts';

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
  return factsText([['state', state.name], ...stateFacts(state)]);
}
