/** What the people of a virtual coalition do: what needs no ceremony. */

import { toUtf8 } from '../../core/bytes.ts';
import { bundleDraft } from '../../sim/founding.ts';
import type { Happening } from '../../sim/happening.ts';
import type { VirtualCoalition } from './virtual-coalition.ts';
import { LASTING, type VirtualFault } from './virtual-fault.ts';

export const PEOPLE_FAULTS: readonly VirtualFault[] = [
  ['publishing', publishing],
  ['withdrawing', withdrawing],
  ['relating', relating],
  ['unrelating', unrelating],
  ['courier', carry],
];

function publishing(coalition: VirtualCoalition, { on, amount }: Happening): () => void {
  const body = { group: 'default', entries: [amount] };
  const drafts = [{ type: 'entries', name: 'entries/default', body } as const];
  for (const name of on) {
    coalition.machine(name).request({ kind: 'publish', drafts, withdrawal: false });
  }
  return LASTING;
}

function withdrawing(coalition: VirtualCoalition, { on, amount }: Happening): () => void {
  const drafts = [bundleDraft(amount)];
  for (const by of on) {
    const machine = coalition.machine(by);
    const own = coalition.views(machine).find(({ isOwn }) => isOwn);
    const digest = own?.documents.get('bundle')?.digest ?? '';
    const lastEvidence = own?.standing.asOf ?? 0;
    machine.request({ kind: 'publish', drafts, withdrawal: true }, () => {
      const { domain } = machine;
      const acknowledgedAt = coalition.now;
      coalition.history.withdrawn({ domain, by, digest, acknowledgedAt, lastEvidence });
    });
  }
  return LASTING;
}

/** The first machine's files of all domains are carried to the second. */
function carry(coalition: VirtualCoalition, { on: [from = '', to = ''] }: Happening): () => void {
  const machine = coalition.machine(from);
  for (const { domain } of coalition.views(machine)) {
    const file = machine.node?.exportBundle(domain) ?? '';
    if (file !== '') coalition.machine(to).request({ kind: 'import', file: toUtf8(file) });
  }
  return LASTING;
}

/** The first machine's people relate to the domain of the second. */
function relating(coalition: VirtualCoalition, { on: [a = '', b = ''] }: Happening): () => void {
  coalition.relate(a, b);
  return LASTING;
}

/** The first machine's people end the relation to the second, and take it up again later. */
function unrelating(coalition: VirtualCoalition, { on: [a = '', b = ''] }: Happening): () => void {
  const { domain } = coalition.machine(b);
  coalition.machine(a).request({ kind: 'unrelate', domain });
  return () => coalition.relate(a, b);
}
