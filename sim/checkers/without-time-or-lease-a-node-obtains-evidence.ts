/**
 * Without time, without a lease, a node still obtains what it needs (PROTOCOL §6.3): at the end of
 * a run a machine that knows its first Root alone, and no date, is linked as a guest to members of
 * its domain, and comes by Roots, beacon, tick, stop, revocations and the time. A member that does
 * not know the time, or whose beacon key has not spoken yet and who so answers as one node of a
 * quorum, cannot tell it (§4.4): there a person does, and what was held for its date is judged.
 */

import { toUtf8 } from '../../core/bytes.ts';
import { SYNC_INTERVAL_MS } from '../../core/limits.ts';
import { addMs, bootMs, type Instant, SECOND_MS, unixMs } from '../../core/time.ts';
import type { Input } from '../../federation/input.ts';
import { FederationNode } from '../../federation/node.ts';
import { recordKey } from '../../federation/record-key.ts';
import type { DomainView } from '../../federation/view.ts';
import type { CheckerKind } from '../checker.ts';
import { answersByKey } from '../date.ts';
import { FIRST_ROOT, signerOf } from '../founding.ts';
import { deniedAt } from '../lost-revocations.ts';
import type { Machine } from '../machine.ts';
import { RTC_RESET_MS } from '../machine-clock.ts';
import type { World } from '../world.ts';

const MEMBERS_MAX = 3;
const ROUND_MS = 2 * SECOND_MS;
const ROUNDS = (2 * SYNC_INTERVAL_MS) / ROUND_MS;
/** What either calls the other. */
const PEER = 'peer';
const BINDING_BYTES = 32;

export const withoutTimeOrLeaseANodeObtainsEvidence: CheckerKind = {
  sentence: 'without time or a lease a node obtains evidence',
  make: (world, fail) => ({
    end: () => {
      const members = world.honest.filter(
        ({ node, power }) => node?.hasVoice === true && power === 'on',
      );
      for (const member of members.slice(0, MEMBERS_MAX)) {
        if (world.stolen.has(member.domain) || holdsWhatIsOver(world, member)) continue;
        const { known, found, mayTell, isTold } = visit(world, member);
        if (mayTell && !isTold) fail(`a guest of ${member.name} does not come to know the time`);
        if (found !== known) fail(`a guest of ${member.name} holds ${found}, and not ${known}`);
        const by = isTold ? 'everything' : 'everything once a person told it the time';
        world.coverage.saw(`checker: a guest obtained ${by}`);
      }
    },
  }),
};

/** True for a member that took, by a key compromised since, what its guest cannot take. */
function holdsWhatIsOver(world: World, member: Machine): boolean {
  const view = member.node?.viewOf(member.domain, member.clock.now(world.now)) ?? null;
  return view !== null && deniedAt(member, view).length > 0;
}

/** What the member holds of its domain, and what its guest has come to hold of it. */
interface Visit {
  readonly known: string;
  readonly found: string;
  /** The word of the member alone is enough for a date. */
  readonly mayTell: boolean;
  /** The guest came to know the time without a person. */
  readonly isTold: boolean;
}

/** A guest calls on the twin of a member, which knows what that does; the run goes on without. */
function visit(world: World, member: Machine): Visit {
  const { domain, name } = member;
  const host = member.newNode();
  let passedMs = 0;
  const hostNow = (): Instant => member.clock.now(world.now + passedMs);
  const guestNow = (): Instant => ({
    wall: addMs(unixMs(RTC_RESET_MS), passedMs),
    boot: bootMs(ROUND_MS + passedMs),
  });
  const guest = guestOf(world, member, guestNow());
  const dice = world.dice(`guest/${name}`);
  const due: { readonly to: FederationNode; readonly input: Input }[] = [];
  const handle = (node: FederationNode, input: Input): void => {
    const other = node === host ? guest : host;
    for (const effect of node.handle(node === host ? hostNow() : guestNow(), input).effects) {
      if (effect.kind === 'send') {
        due.push({ to: other, input: { kind: 'frame', peer: PEER, bytes: effect.frame } });
      } else if (effect.kind === 'draw' && node === guest) {
        // The host is a twin of a writer: without entropy it signs nothing.
        const { purpose, count } = effect;
        due.push({ to: guest, input: { kind: 'drawn', purpose, bytes: dice.bytes(count) } });
      }
    }
  };
  const goOn = (): void => {
    for (let round = 0; round < ROUNDS; round++) {
      for (let next = due.shift(); next !== undefined; next = due.shift())
        handle(next.to, next.input);
      passedMs += ROUND_MS;
      for (const node of [host, guest]) handle(node, { kind: 'wake' });
    }
  };
  const binding = dice.bytes(BINDING_BYTES);
  for (const node of [host, guest]) {
    handle(node, { kind: 'peer-up', peer: PEER, domain: null, claims: domain, binding });
  }
  goOn();
  const isTold = guest.time(guestNow()).isKnown;
  const mayTell = answersByKey(host, domain, hostNow());
  if (!isTold) {
    handle(guest, { kind: 'time', request: 1, time: host.clock(hostNow()).wall });
    goOn();
  }
  const known = evidenceOf(host.viewOf(domain, hostNow()));
  return { known, found: evidenceOf(guest.viewOf(domain, guestNow())), mayTell, isTold };
}

/** A machine of the member's domain that knows its first Root, and has no lease. */
function guestOf(world: World, { domain, name, believed }: Machine, now: Instant): FederationNode {
  const key = recordKey(domain, 'root', FIRST_ROOT);
  const first = believed.get(key);
  return new FederationNode({
    ...{ own: domain, suite: world.suite, bootId: 'guest', continuity: 'software', now },
    dice: toUtf8(`guest/${name}`),
    records: first === undefined ? new Map() : new Map([[key, first]]),
    ...{ limits: null, node: signerOf(world.suite, `${name}/guest`), authority: null },
  });
}

function evidenceOf(view: DomainView | null): string {
  if (view === null) return 'nothing';
  const revoked = [...view.revocations.union.keys()].sort().join(' ');
  const { rootVersion, beacon, tick, standing } = view;
  // Whoever hears of a stop first counts no tick that came before it (PROTOCOL §3.4).
  const number = standing.stopped ? 'and its stop' : `tick ${tick}`;
  return `Root ${rootVersion} beacon ${beacon} ${number} ${revoked}`;
}
