/**
 * The control methods of what waits for a person's word at an authority: proposals, which take the
 * signatures of keys that people carry, and what takes a yes: machines that ask to be enrolled,
 * boots that somebody offers, and partners that ask to be honoured.
 *
 * One list for all kinds (waiting.ts), so that nobody has to know where to look. A proposal takes
 * force with the signature that completes it; nobody's consent is missing then.
 */

import { toUtf8 } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import type { UnixMs } from '../../core/time.ts';
import { encodeBlock } from '../../federation/armour.ts';
import { lackingOf } from '../../federation/proposal.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { type Caller, personOf, whose } from '../control/caller.ts';
import type { ControlMethods } from '../control/server.ts';
import type { ImportOutcome } from '../control/views.ts';
import type { Driver } from '../driver.ts';
import { outcomeViews } from '../methods/import-outcome.ts';
import { proposalView } from './ceremony-views.ts';
import type { WaitingProposal } from './proposal-book.ts';
import { allWaiting, type Others, type Waiting, type WaitingOptions } from './waiting.ts';

export interface CeremonyMethodOptions extends WaitingOptions {
  readonly driver: Driver;
  readonly audit: AuditLog;
  readonly now: () => UnixMs;
}

/** Fewer digits might mean two. */
const ID_CHARS_MIN = 8;

/** The methods over everything that waits. */
export function ceremonyMethods(options: CeremonyMethodOptions, others: Others) {
  const { proposals, audit } = options;
  const list = () => allWaiting(options, others);
  const named = async (id: string): Promise<Waiting> => one(await list(), id);
  return {
    'ceremony.list': async () => ({ ceremonies: (await list()).map(({ view }) => view) }),
    'ceremony.file': async ({ id }) => {
      const { view } = await named(id);
      const found = proposals.waiting.find(({ proposal }) => proposal.envelope.digest === view.id);
      if (found === undefined) throw new Refusal('ceremony-unknown', { id, kind: view.kind });
      return { text: proposals.fileOf(found.proposal) };
    },
    'ceremony.offer': async ({ text }, caller) => {
      const by = personOf(caller);
      const needsOther = options.roles.needsSecondPerson;
      const waiting = await proposals.offer(toUtf8(text), { by, now: options.now(), needsOther });
      const view = proposalView(waiting);
      const { kind, id } = view;
      const signatures = waiting.proposal.envelope.slots.length;
      await audit.append('ceremony.offered', { kind, id, signatures, ...whose(caller) });
      return { ceremony: view, documents: await publish(options, waiting, caller) };
    },
    'ceremony.approve': async ({ id }, caller) => {
      const { view, yes } = await named(id);
      await yes(caller);
      return { id: view.id };
    },
    'ceremony.refuse': async ({ id, reason }, caller) => {
      const { view, no } = await named(id);
      await no(caller);
      // Whoever hears of it asks what waits now: by then it is gone.
      const fields = { kind: view.kind, id: view.id, reason };
      await audit.append('ceremony.refused', { ...fields, ...whose(caller) });
      return { id: view.id };
    },
  } satisfies Partial<ControlMethods>;
}

/** Publishes what is whole; what is refused goes on waiting. */
async function publish(
  { driver, audit, proposals }: CeremonyMethodOptions,
  { proposal }: WaitingProposal,
  caller: Caller,
): Promise<readonly ImportOutcome[]> {
  if (lackingOf(proposal).length > 0) return [];
  const { type, bytes, digest } = proposal.envelope;
  const file = toUtf8(encodeBlock(type, bytes));
  const { imported } = await driver.request({ kind: 'import', file });
  const documents = outcomeViews(imported);
  const isTaken = documents.every(
    ({ outcome }) => outcome === 'admitted' || outcome === 'held already',
  );
  if (isTaken) {
    await proposals.drop(digest);
    await audit.append('ceremony.published', { kind: type, id: digest, ...whose(caller) });
  }
  return documents;
}

/** The only one whose id begins so. Refuses `ceremony-unknown`. */
function one(all: readonly Waiting[], id: string): Waiting {
  const found = all.filter(({ view }) => view.id.startsWith(id));
  const [only] = found;
  if (only === undefined || found.length > 1 || id.length < ID_CHARS_MIN) {
    throw new Refusal('ceremony-unknown', { id: id.slice(0, 64), found: found.length });
  }
  return only;
}
