/** What somebody hands to the people at a machine: a file, taken or refused item by item. */

import { toUtf8 } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import { encodeBlock } from '../../federation/armour.ts';
import type { Machine } from '../machine.ts';

/** Hands over one document; `told` is called with what became of it, if an answer comes. */
export function hand(
  machine: Machine,
  { label, bytes }: { readonly label: string; readonly bytes: Uint8Array },
  told: (outcome: 'admitted' | Refusal) => void,
): void {
  const file = toUtf8(encodeBlock(label, bytes));
  machine.request({ kind: 'import', file }, ({ answer }) => {
    const outcome = answer instanceof Refusal ? answer : answer.imported[0]?.outcome;
    if (outcome !== undefined) told(outcome);
  });
}
