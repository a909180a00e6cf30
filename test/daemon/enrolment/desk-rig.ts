/** A desk over a real authority, without sockets and on a clock that the test holds. */

import type { TrustDomain } from '../../../core/spiffe-id.ts';
import type { Signer } from '../../../core/suite.ts';
import { makeAnswer } from '../../../daemon/enrolment/answer.ts';
import { readChallenge } from '../../../daemon/enrolment/challenge.ts';
import { EnrolmentDesk } from '../../../daemon/enrolment/desk.ts';
import { DeskBook } from '../../../daemon/enrolment/desk-book.ts';
import { emptyDesk } from '../../../daemon/enrolment/issuing-port.ts';
import { makeRequest, type ShownChip } from '../../../daemon/enrolment/request.ts';
import { checkAct } from '../../../daemon/methods/acts.ts';
import type { ChipTrust } from '../../../daemon/tpm/chip-trust.ts';
import { SUITE } from '../../fakes/coalition.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { temporaryFolder } from '../../folder.ts';
import { DOMAIN, driverRig } from '../driver-rig.ts';

export type DeskRig = Awaited<ReturnType<typeof driverRig>>;

const NOBODY: ChipTrust = { roots: [], allowed: [] };

/** Runs `body` at a desk that trusts these chips, after `prepare` has had its authority. */
export async function withDesk(
  body: (rig: DeskRig, desk: EnrolmentDesk) => Promise<void>,
  trust: () => ChipTrust = () => NOBODY,
  prepare: (rig: DeskRig) => void = () => undefined,
): Promise<void> {
  await using folder = await temporaryFolder();
  await using rig = await driverRig(folder);
  prepare(rig);
  await rig.publish();
  const { node, clock, store, audit, alarms } = rig;
  const gate = { views: () => node.view(clock.now()), policy: () => node.policy };
  const desk = new EnrolmentDesk({
    ...{ node, suite: SUITE, clock, audit, alarms },
    random: new SeededRandom('desk'),
    book: new DeskBook(store, store.records),
    issuing: emptyDesk,
    trust: async () => trust(),
    checkDelegation: () => checkAct(gate, 'delegate'),
  });
  await body(rig, desk);
}

/** What `box` asks for; another nonce makes it another request. */
export function requestOf(
  box: Signer,
  of: {
    readonly nonce?: number;
    readonly domain?: TrustDomain;
    readonly chip?: ShownChip;
  } = {},
): Uint8Array {
  const { nonce = 0, domain = DOMAIN, chip = null } = of;
  const wish = { domain, group: 'gate', kind: 'slices', issuing: new Uint8Array(0) } as const;
  return makeRequest({ ...wish, chip }, box, new Uint8Array(16).fill(nonce));
}

/** The answer of a machine without a chip. */
export function answerTo(challenge: Uint8Array, box: Signer): Uint8Array {
  const { digest } = readChallenge(challenge);
  return makeAnswer({ domain: DOMAIN, node: box.keyId, challenge: digest, chip: null }, box);
}
