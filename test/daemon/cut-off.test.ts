/**
 * A daemon whose every network path is gone, by the clock (PROTOCOL §4.5, §4.7): what its workloads
 * have at each age of the partner's last word, past the life of SVIDs, past the authority that
 * signed them, and after a restart on the way. State, sockets and identities are real; time alone
 * is the test's. Timeout: 300 s
 */

import { X509Certificate } from 'node:crypto';
import { dirname } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Refusal } from '../../core/refusal.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { thisHost } from '../../daemon/commands/serve.ts';
import { defaultConfig } from '../../daemon/config/config.ts';
import type { Config } from '../../daemon/config/keys.ts';
import { type ControlClient, connectControl } from '../../daemon/control/client.ts';
import { type Daemon, openDaemon } from '../../daemon/daemon.ts';
import { openWorkloadClient } from '../../daemon/workload-api/client.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { MemoryLog } from '../fakes/memory-log.ts';
import { forgeBundle, forgeManifest, pinOf } from '../federation/forge.ts';
import { temporaryFolder } from '../folder.ts';
import { holdfast, type Outcome } from './commands/rig.ts';
import { eventually } from './live.ts';
import { PARTNER, partnerBeacon, partnerFile } from './partner.ts';

const cutOff = suite('daemon/cut-off');

const HOME = 'home.example';
const WEB = `spiffe://${HOME}/web`;

/** What the partner says of its own evidence. */
const LIMITS = {
  freshForMs: 10 * MINUTE_MS,
  degradedForMs: 24 * HOUR_MS,
  survivalForMs: 7 * DAY_MS,
};

/** The table: so long after the last word of the partner, its tier, and whether it is served. */
const TABLE = [
  { after: 0, tier: 'FRESH', plain: true, lasting: true },
  { after: 9 * MINUTE_MS, tier: 'FRESH', plain: true, lasting: true },
  { after: 11 * MINUTE_MS, tier: 'DEGRADED', plain: true, lasting: true },
  { after: 23 * HOUR_MS, tier: 'DEGRADED', plain: true, lasting: true },
  { after: 25 * HOUR_MS, tier: 'SURVIVAL', plain: false, lasting: true },
  { after: 6 * DAY_MS, tier: 'SURVIVAL', plain: false, lasting: true },
  { after: 8 * DAY_MS, tier: 'EXPIRED', plain: false, lasting: false },
  { after: 40 * DAY_MS, tier: 'EXPIRED', plain: false, lasting: false },
];

const MOMENT_MS = 5;

/** A daemon in this process, on a clock that the test moves. */
class CutOff {
  readonly clock = new FakeClock({ wallMs: Date.now() });
  readonly log = new MemoryLog();
  readonly config: Config;
  #daemon: Daemon | null = null;

  constructor(folder: string) {
    const paths = {
      state: `${folder}/state`,
      controlSocket: `${folder}/control.sock`,
      workloadSocket: `${folder}/workload.sock`,
      config: `${folder}/config.toml`,
    };
    this.config = { ...defaultConfig(paths), listen: [], tpmUse: 'never', minEpochMs: 10 };
  }

  async open(): Promise<void> {
    const host = thisHost(this.clock, this.log);
    this.#daemon = await this.#while(openDaemon(this.config, host));
  }

  async close(): Promise<void> {
    if (this.#daemon !== null) await this.#while(this.#daemon.close());
    this.#daemon = null;
  }

  /** Time passes; what it sets going has a moment of the machine's own to come to rest. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await new Promise((resolve) => setTimeout(resolve, MOMENT_MS));
  }

  async control<T>(use: (control: ControlClient) => Promise<T>): Promise<T> {
    const control = await this.#while(connectControl(this.config.controlSocket));
    try {
      return await this.#while(use(control));
    } finally {
      await control.close();
    }
  }

  /** What a workload gets, once what is believed has reached the disk and then the workloads. */
  async served() {
    return eventually('an SVID', async () => {
      const seen = await this.#fetched().catch(asRefusal);
      if (!(seen instanceof Refusal)) return seen;
      await this.pass(SECOND_MS);
      return undefined;
    });
  }

  async #fetched() {
    const client = openWorkloadClient({ kind: 'unix', path: this.config.workloadSocket });
    try {
      const { svids, federatedBundles } = await this.#while(client.fetchX509Svids());
      const leaf = new X509Certificate(svids[0]?.certificatesDer[0] ?? new Uint8Array(0));
      const issuer = svids[0]?.bundleDer.find((der) => leaf.checkIssued(new X509Certificate(der)));
      return {
        leaf,
        issuer: issuer === undefined ? undefined : new X509Certificate(issuer),
        hasPartner: federatedBundles.size === 1,
      };
    } finally {
      client.close();
    }
  }

  /** Lets a little time pass until something is done. */
  async #while<T>(doing: Promise<T>): Promise<T> {
    let isDone = false;
    const over = (): void => {
      isDone = true;
    };
    doing.then(over, over);
    while (!isDone) await this.pass(MOMENT_MS);
    return await doing;
  }

  /** Types a command at it. */
  type(...args: readonly string[]): Promise<Outcome> {
    const variables = { HOLDFAST_CONTROL_SOCKET: this.config.controlSocket };
    return this.#while(holdfast(args, dirname(this.config.controlSocket), variables));
  }

  async tierOf(name: string): Promise<string | undefined> {
    const { domains } = await this.control((control) => control.call('status', {}));
    return domains.find(({ domain }) => domain === name)?.tier;
  }

  /** A long time passes; then the authority notices, and speaks again. */
  async passLong(ms: number): Promise<void> {
    await this.pass(ms);
    await eventually('our own word', async () => {
      await this.pass(SECOND_MS);
      return (await this.tierOf(HOME)) === 'FRESH' ? true : undefined;
    });
  }
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  throw error;
}

/** Opens a daemon with one entry and the partner; `lasting` serves its bundle in SURVIVAL too. */
async function begin(folder: string, relation: 'plain' | 'lasting'): Promise<CutOff> {
  const node = new CutOff(folder);
  await node.open();
  await node.control(async (control) => {
    const { text: own } = await control.call('bundle.export', { format: 'spiffe' });
    const bundle = forgeBundle(1, { keys: JSON.parse(own).keys });
    const manifest = forgeManifest(1, { bundle: pinOf(bundle) });
    const issuedAt = node.clock.now().wall;
    const text = partnerFile({
      beacon: partnerBeacon({ issuedAt, manifest, members: { limits: LIMITS } }).bytes,
      manifest,
      bundle,
    });
    const survivalForeign = relation === 'lasting';
    await control.call('federation.add', { text, peers: [], survivalForeign });
    const selectors = [`unix:uid:${process.getuid?.()}`];
    await control.call('entry.create', { spiffeId: WEB, selectors, federatesWith: [PARTNER] });
  });
  return node;
}

for (const relation of ['plain', 'lasting'] as const) {
  cutOff(`serves by the table, under a ${relation} relation`, async () => {
    await using folder = await temporaryFolder();
    const node = await begin(folder.path, relation);
    const start = node.clock.now().wall;
    const seen = [];
    for (const { after } of TABLE) {
      await node.passLong(Math.max(0, start + after - node.clock.now().wall));
      const { leaf, hasPartner } = await node.served();
      const { wall } = node.clock.now();
      assert.ok(leaf.validToDate.getTime() > wall, `our own SVID is alive after ${after} ms`);
      assert.ok(leaf.validFromDate.getTime() <= wall);
      seen.push([await node.tierOf(PARTNER), hasPartner]);
    }
    assert.equal(
      seen,
      TABLE.map((row) => [row.tier, row[relation]]),
    );
    await node.close();
  });
}

cutOff('serves after a restart on the way the same state, by the same table', async () => {
  await using folder = await temporaryFolder();
  const node = await begin(folder.path, 'plain');
  const before = await node.served();
  await node.pass(11 * MINUTE_MS);
  await node.close();
  await node.pass(2 * HOUR_MS);
  await node.open();
  await node.passLong(0);
  const { leaf, hasPartner } = await node.served();
  assert.equal([await node.tierOf(PARTNER), hasPartner], ['DEGRADED', true]);
  assert.ok(leaf.validFromDate > before.leaf.validFromDate);
  await node.close();
});

cutOff('outlives the authority that signed: the next one is ready, and signs in time', async () => {
  await using folder = await temporaryFolder();
  const node = await begin(folder.path, 'plain');
  const { issuer: first } = await node.served();
  const keys = () =>
    node.control(async (control) => {
      const { text } = await control.call('bundle.export', { format: 'spiffe' });
      return (JSON.parse(text).keys as { use: string }[]).filter(({ use }) => use === 'x509-svid');
    });
  assert.is((await keys()).length, 1);
  await node.passLong(336 * DAY_MS);
  await eventually('the next authority, published', async () => {
    await node.passLong(MINUTE_MS);
    return (await keys()).length === 2 ? true : undefined;
  });
  assert.is((await node.served()).issuer?.fingerprint256, first?.fingerprint256);
  await node.passLong(24 * DAY_MS);
  const next = await eventually('an SVID of the next authority', async () => {
    await node.passLong(MINUTE_MS);
    const { issuer } = await node.served();
    return issuer?.fingerprint256 === first?.fingerprint256 ? undefined : issuer;
  });
  assert.ok(next.validToDate.getTime() > node.clock.now().wall + 300 * DAY_MS);
  await node.close();
});

cutOff('takes nothing of a courier file of last year, and its date never falls', async () => {
  await using folder = await temporaryFolder();
  const node = await begin(folder.path, 'plain');
  const path = folder.file('old.courier');
  assert.is((await node.type('courier', 'export', path)).code, 0);
  const timeOf = () => node.control((control) => control.call('time.show', {}));
  const start = node.clock.now().wall;
  await node.passLong(365 * DAY_MS);
  const takesNothing = async (): Promise<void> => {
    const { code, out } = await node.type('courier', 'import', path, '--yes');
    assert.is(code, 1, out);
    assert.match(out, /^changed +0 marks$/m);
    assert.match(out, /^refused .*epoch-rolled-back/m);
    assert.is(await node.tierOf(PARTNER), 'EXPIRED', 'nobody is any younger by it');
  };
  await takesNothing();
  const { clock } = await timeOf();

  // A clock that is put back to the day of the file makes the file no news either.
  node.clock.setWall(start);
  await takesNothing();
  const { known, clock: after } = await timeOf();
  assert.not.ok(known);
  assert.ok(after >= clock, `the date stays ${clock}, not ${after}`);
  await node.close();
});

cutOff.run();
