/** Domains whose people change who speaks, and a standby that may take over. */

import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Signer } from '../../core/suite.ts';
import { UNIX_MS_MAX, unixMs } from '../../core/time.ts';
import { encodeBlock } from '../../federation/armour.ts';
import type { Belief } from '../../federation/belief.ts';
import { decodeProposal, encodeProposal, signProposal } from '../../federation/proposal.ts';
import { recordsByDomain, restoreBelief } from '../../federation/record.ts';
import type { RevocationTarget } from '../../federation/revocations.ts';
import { draftRoot, type RootChange } from '../../federation/root-draft.ts';
import { Coalition, type Machine, SUITE, signerOf } from '../fakes/coalition.ts';

export const [STANDBY_BEACON, STANDBY_DOCUMENTS] = [
  signerOf('standby/beacon'),
  signerOf('standby/documents'),
] as const;

/** What a machine's disk holds of its own domain. */
export function believed(machine: Machine): Belief {
  const mine = recordsByDomain(machine.records).get(machine.domain) ?? new Map();
  const boot = { bootId: machine.bootId, continuity: machine.continuity };
  const belief = restoreBelief(machine.domain, mine, boot);
  if (belief === null) throw new Error('no Root');
  return belief;
}

/** The people of a domain make its next Root, and publish it at `at`. */
export function ceremony(at: Machine, founder: Machine, ...changes: readonly RootChange[]): void {
  ceremonyUpon(believed(at), { at, founder }, ...changes);
}

/** The same, drafted by what somebody knew before. */
export function ceremonyUpon(
  belief: Belief,
  { at, founder }: { readonly at: Machine; readonly founder: Machine },
  ...changes: readonly RootChange[]
): void {
  const draft = draftRoot(belief, changes, unixMs(at.wallMs));
  const read = decodeProposal(SUITE, toUtf8(encodeProposal(belief, draft)));
  const request = at.importFile(encodeBlock('root', signProposal(read, founder.keys.root)));
  const answer = at.replies.get(request);
  if (answer === undefined || answer instanceof Refusal) throw new Error('no answer');
  assert.equal(
    answer.imported.map(({ outcome }) => outcome),
    ['admitted'],
  );
}

export function authorityTarget(key: Signer): RevocationTarget {
  return { class: 'authority', target: key.keyId, notAfter: unixMs(UNIX_MS_MAX) };
}

/** An authority, a partner, and a link between them. */
export function pair() {
  const coalition = new Coalition();
  const blue = coalition.add({ name: 'blue' });
  const red = coalition.add({ name: 'red' });
  coalition.befriend(blue, red);
  coalition.link(blue, red);
  coalition.advance(2_000);
  return { coalition, blue, red };
}

/** A standby of blue, named by a Root, linked with blue and red. */
export function withStandby(...changes: readonly RootChange[]) {
  const { coalition, blue, red } = pair();
  const keys = [STANDBY_BEACON, STANDBY_DOCUMENTS, ...blue.keys.revocation];
  const standby = coalition.add({ name: 'standby', standbyOf: blue, roleKeys: keys });
  ceremony(
    blue,
    blue,
    { kind: 'standby', key: STANDBY_BEACON.publicPair },
    { kind: 'add', role: 'documents', key: STANDBY_DOCUMENTS.publicPair },
    { kind: 'retire', keyId: blue.keys.beacon[1].keyId },
    ...changes,
  );
  standby.importFile(blue.node.exportBundle(blue.domain));
  coalition.link(blue, standby);
  coalition.link(red, standby);
  coalition.advance(2_000);
  return { coalition, blue, red, standby };
}
