/**
 * A driver over a real state machine of a founded domain, with a disk, a network and a clock that
 * the test holds. Everything it does to the world goes into one journal, in order.
 */

import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { DAY_MS, unixMs } from '../../core/time.ts';
import { AlarmBook } from '../../daemon/alarm-book.ts';
import { openAuditLog } from '../../daemon/audit/audit-log.ts';
import { Driver } from '../../daemon/driver.ts';
import type { Write } from '../../daemon/ports.ts';
import { RefusalAudit } from '../../daemon/refusal-audit.ts';
import { foundDomain } from '../../federation/found.ts';
import type { Draft } from '../../federation/input.ts';
import { FederationNode } from '../../federation/node.ts';
import { INITIAL, keysOf, LIMITS, SUITE } from '../fakes/coalition.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { FakeNetwork } from '../fakes/fake-network.ts';
import { MemoryLog } from '../fakes/memory-log.ts';
import { MemoryStore } from '../fakes/memory-store.ts';
import { NO_DICE, SeededRandom } from '../fakes/seeded-random.ts';
import type { TemporaryFolder } from '../folder.ts';

/** The domain of a rig that is given no other name. */
export const DOMAIN = parseTrustDomain('blue.example');
const PERIOD_MS = 1_000;

/** A disk that writes into the journal what reached it, and what did not. */
class JournalStore extends MemoryStore {
  readonly #journal: string[];

  constructor(records: ReadonlyMap<string, Uint8Array>, journal: string[]) {
    super(records);
    this.#journal = journal;
  }

  override async write(batch: readonly Write[]): Promise<void> {
    await super.write(batch);
    this.#journal.push('persist');
  }
}

class JournalNetwork extends FakeNetwork {
  readonly #journal: string[];

  constructor(journal: string[]) {
    super();
    this.#journal = journal;
  }

  override send(peer: string, frame: Uint8Array): void {
    super.send(peer, frame);
    this.#journal.push('send');
  }

  override publish(message: Uint8Array): void {
    super.publish(message);
    this.#journal.push('gossip');
  }
}

/** A driver of the domain `name`.example, and all that it drives. */
export async function driverRig(folder: TemporaryFolder, name = 'blue') {
  const domain = parseTrustDomain(`${name}.example`);
  const journal: string[] = [];
  const clock = new FakeClock();
  const { wall } = clock.now();
  const keys = keysOf(name);
  const ceilings = { freshForMs: DAY_MS, degradedForMs: 2 * DAY_MS, survivalForMs: 30 * DAY_MS };
  const now = unixMs(wall - DAY_MS);
  const founded = foundDomain(keys, { domain, now, ceilings, minEpochMs: 10 });
  const records = new Map(
    founded.flatMap(({ key, value }) => (value === null ? [] : [[key, value]])),
  );
  const store = new JournalStore(records, journal);
  const node = new FederationNode({
    ...{ own: domain, suite: SUITE, records, bootId: clock.bootId, now: clock.now() },
    ...{ continuity: 'software', limits: null, node: keys.node, dice: NO_DICE },
    authority: {
      keys: [keys.beacon[0], keys.documents, ...keys.revocation],
      settings: { limits: LIMITS, periodMs: PERIOD_MS },
      hasMembers: false,
    },
  });
  const audit = await openAuditLog({ path: folder.file('audit.jsonl'), clock });
  audit.onEntry(({ event }) => journal.push(`audit ${event}`));
  const network = new JournalNetwork(journal);
  const log = new MemoryLog();
  const refusals = new RefusalAudit(audit, clock);
  const alarms = new AlarmBook({ store, records, audit, clock, log });
  const random = new SeededRandom('driver');
  const driver = new Driver({
    ...{ node, clock, random, store, audit, refusals, alarms, network, log },
  });
  driver.onChanged = () => journal.push('changed');
  return {
    ...{ journal, clock, store, node, audit, alarms, network, log, driver },
    /** Publishes drafts, and notes in the journal when that was acknowledged. */
    publish: async (drafts: readonly Draft[] = INITIAL, withdrawal = false) => {
      const answer = await driver.request({ kind: 'publish', drafts, withdrawal });
      journal.push('acknowledged');
      return answer;
    },
    [Symbol.asyncDispose]: async () => {
      await driver.close();
      await audit.close();
    },
  };
}

/** Lets everything that waits for the disk, and what follows from it, come to rest. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 60));
}
