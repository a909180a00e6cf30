/**
 * Without time, without a lease, a node still obtains what it needs (PROTOCOL §6.3): at the end of
 * a run a machine that knows its first Root alone, and no date, is linked as a guest to members of
 * its domain, and comes by Roots, beacon, tick, stop, revocations and the time.
 */

import { toUtf8 } from '../../core/bytes.ts';
import { SYNC_INTERVAL_MS } from '../../core/limits.ts';
import { addMs, bootMs, type Instant, SECOND_MS, unixMs } from '../../core/time.ts';
import type { Input } from '../../federation/input.ts';
import { FederationNode } from '../../federation/node.ts';
import { recordKey } from '../../federation/record-key.ts';
import type { DomainView } from '../../federation/view.ts';
import type { CheckerKind } from '../checker.ts';
import { FIRST_ROOT, signerOf } from '../founding.ts';
import type { Machine } from '../machine.ts';
import { RTC_RESET_MS } from '../machine-clock.ts';
import { envelopeOf } from '../reading.ts';
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
        if (world.stolen.has(member.domain)) continue;
        const { known, found, hasTime } = visit(world, member);
        if (found !== known) fail(`a guest of ${member.name} holds ${found}, and not ${known}`);
        if (!hasTime) fail(`a guest of ${member.name} does not come to know the time`);
        world.coverage.saw('checker: a guest obtained everything');
      }
    },
  }),
};

/** What the member holds of its domain, and what its guest has come to hold of it. */
interface Visit {
  readonly known: string;
  readonly found: string;
  readonly hasTime: boolean;
}

/** A guest calls on the twin of a member, which knows what that does; the run goes on without. */
function visit(world: World, member: Machine): Visit {
  const { domain, name } = member;
  const key = recordKey(domain, 'root', FIRST_ROOT);
  const first = member.believed.get(key);
  const host = member.newNode();
  let passedMs = 0;
  const hostNow = (): Instant => member.clock.now(world.now + passedMs);
  const guestNow = (): Instant => ({
    wall: addMs(unixMs(RTC_RESET_MS), passedMs),
    boot: bootMs(ROUND_MS + passedMs),
  });
  const guest = new FederationNode({
    ...{
      own: domain,
      suite: world.suite,
      bootId: 'guest',
      continuity: 'software',
      now: guestNow(),
    },
    dice: toUtf8(`guest/${name}`),
    records: first === undefined ? new Map() : new Map([[key, first]]),
    ...{ limits: null, node: signerOf(world.suite, `${name}/guest`), authority: null },
  });
  const dice = world.dice(`guest/${name}`);
  /** Evidence of its future, which waits for somebody to say the time (PROTOCOL §4.3). */
  let heldForLater: Uint8Array | null = null;
  const due: { readonly to: FederationNode; readonly input: Input }[] = [];
  const handle = (node: FederationNode, input: Input): void => {
    const other = node === host ? guest : host;
    for (const effect of node.handle(node === host ? hostNow() : guestNow(), input).effects) {
      if (effect.kind === 'persist' && node === guest) {
        const later = effect.writes.find(({ key }) => key === recordKey(domain, 'future'));
        if (later !== undefined) heldForLater = later.value;
      }
      if (effect.kind === 'send') {
        due.push({ to: other, input: { kind: 'frame', peer: PEER, bytes: effect.frame } });
      } else if (effect.kind === 'draw' && node === guest) {
        // The host is a twin of a writer: without entropy it signs nothing.
        const { purpose, count } = effect;
        due.push({ to: guest, input: { kind: 'drawn', purpose, bytes: dice.bytes(count) } });
      }
    }
  };
  const binding = dice.bytes(BINDING_BYTES);
  for (const node of [host, guest]) {
    handle(node, { kind: 'peer-up', peer: PEER, domain: null, claims: domain, binding });
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (let next = due.shift(); next !== undefined; next = due.shift())
      handle(next.to, next.input);
    passedMs += ROUND_MS;
    for (const node of [host, guest]) handle(node, { kind: 'wake' });
  }
  const isTold = guest.time(guestNow()).isKnown;
  const later = isTold || heldForLater === null ? null : envelopeOf(heldForLater).digest;
  return {
    known: evidenceOf(host.viewOf(domain, hostNow()), null),
    found: evidenceOf(guest.viewOf(domain, guestNow()), later),
    hasTime: isTold || !host.time(hostNow()).isKnown,
  };
}

function evidenceOf(view: DomainView | null, later: string | null): string {
  if (view === null) return 'nothing';
  const revoked = [...view.revocations.union.keys()].sort().join(' ');
  const { rootVersion, beacon, tick, standing } = view;
  // Whoever hears of a stop first counts no tick that came before it (PROTOCOL §3.4).
  const number = standing.stopped ? 'and its stop' : `tick ${tick}`;
  const evidence = beacon === null ? later : `${beacon} ${number}`;
  return `Root ${rootVersion} beacon ${evidence} ${revoked}`;
}
