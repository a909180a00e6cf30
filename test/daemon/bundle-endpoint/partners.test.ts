/** Partners kept over time: polls, failures, restarts and tiers, against real endpoints. */

import { writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import type { JsonObject } from '../../../core/canonical.ts';
import { Failure } from '../../../core/failure.ts';
import {
  DEGRADED_FOR_MS,
  ENDPOINT_FETCH_MS_MAX,
  FRESH_FOR_MS,
  SURVIVAL_FOR_MS,
} from '../../../core/limits.ts';
import { HOUR_MS, SECOND_MS } from '../../../core/time.ts';
import { openAuditLog } from '../../../daemon/audit/audit-log.ts';
import { SpiffePartners } from '../../../daemon/bundle-endpoint/partners.ts';
import { webRootsIn } from '../../../daemon/bundle-endpoint/web-roots.ts';
import { encodePem } from '../../../daemon/identity/pem.ts';
import { NOTHING_REVOKED } from '../../../daemon/identity/revoked.ts';
import { RefusalAudit } from '../../../daemon/refusal-audit.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryLog } from '../../fakes/memory-log.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { temporaryFolder } from '../../folder.ts';
import { forgeLeaf, forgeRoot, NOW } from '../identity/forge.ts';
import { refused } from '../refused.ts';
import {
  type Answer,
  answerWith,
  BLUE,
  bundleOf,
  CURRENT,
  ENDPOINT_ID,
  type ForeignServer,
  serveForeign,
  webLeaf,
} from './foreign.ts';

const partners = suite('daemon/bundle-endpoint/partners');

const LIMITS = {
  freshForMs: FRESH_FOR_MS,
  degradedForMs: DEGRADED_FOR_MS,
  survivalForMs: SURVIVAL_FOR_MS,
};
const ROOT = forgeRoot(BLUE, { notAfter: NOW + 1e10 });
const LEAF = forgeLeaf(ROOT, ENDPOINT_ID, { notAfter: NOW + 1e10 });
const OTHER = forgeRoot(BLUE);
const BOOTSTRAP = toUtf8(JSON.stringify(bundleOf([ROOT])));

/** An endpoint whose answer a test decides, and a daemon's partners over a store in memory. */
class Rig {
  bundle: JsonObject = bundleOf([ROOT], { spiffe_sequence: 1 });
  answer: Answer = answerWith(() => this.bundle);
  readonly clock = new FakeClock({ wallMs: NOW });
  readonly store = new MemoryStore();
  readonly log = new MemoryLog();
  readonly #folder;
  readonly #audit;
  readonly server: ForeignServer;
  partners: SpiffePartners;
  changes = 0;

  get webRootsPath(): string {
    return this.#folder.file('roots.pem');
  }

  static async open(): Promise<Rig> {
    const folder = await temporaryFolder();
    const clock = new FakeClock({ wallMs: NOW });
    const audit = await openAuditLog({ path: folder.file('audit.jsonl'), clock });
    const hold: { rig?: Rig } = {};
    const server = await serveForeign(LEAF, (request, response) =>
      hold.rig?.answer(request, response),
    );
    hold.rig = new Rig(folder, audit, server);
    return hold.rig;
  }

  private constructor(
    folder: Awaited<ReturnType<typeof temporaryFolder>>,
    audit: Awaited<ReturnType<typeof openAuditLog>>,
    server: ForeignServer,
  ) {
    this.#folder = folder;
    this.#audit = audit;
    this.server = server;
    this.partners = this.#create();
  }

  get terms() {
    const profile = { kind: 'https_spiffe', endpointId: ENDPOINT_ID } as const;
    return { domain: BLUE, url: this.server.url, profile };
  }

  get state() {
    const state = this.partners.find(BLUE);
    assert.ok(state);
    return state;
  }

  /** Adds the partner and waits for its first poll. */
  async add(): Promise<void> {
    await this.partners.add(this.terms, BOOTSTRAP);
    await this.partners.refresh(BLUE);
  }

  /** Lets time pass up to the next poll, and waits for it. */
  async nextPoll(): Promise<void> {
    const before = this.server.requests();
    this.clock.advance(67 * SECOND_MS); // past the poll, short of its deadline
    await this.partners.refresh(BLUE).catch(() => undefined);
    assert.is(this.server.requests(), before + 1);
  }

  /** As after a restart: what was stored is all there is. */
  async restart(): Promise<void> {
    await this.partners.close();
    this.partners = this.#create();
    await this.partners.open();
  }

  async audited(event: string): Promise<number> {
    return (await this.#audit.tail(100)).filter((entry) => entry.event === event).length;
  }

  #create(): SpiffePartners {
    const { clock, store, log } = this;
    const made = new SpiffePartners({
      transmits: true,
      ...{ clock, store, log, limits: LIMITS, audit: this.#audit },
      records: store.records,
      random: new SeededRandom('partners'),
      refusals: new RefusalAudit(this.#audit, clock),
      knownBy: () => ({ roots: [], revoked: NOTHING_REVOKED, relation: null }),
      webRoots: webRootsIn(this.webRootsPath),
    });
    made.onChanged = () => {
      this.changes += 1;
    };
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.partners.close();
    await this.server[Symbol.asyncDispose]();
    await this.#audit.close();
    await this.#folder[Symbol.asyncDispose]();
  }
}

partners('hands out nothing until the endpoint has answered, and then its bundle', async () => {
  await using rig = await Rig.open();
  await rig.partners.add(rig.terms, BOOTSTRAP);
  assert.is(rig.state.standing.tier, 'NONE');
  assert.is(rig.partners.bundles('DEGRADED').size, 0);
  await rig.partners.refresh(BLUE);
  assert.is(rig.state.standing.tier, 'FRESH');
  assert.equal(rig.partners.bundles('DEGRADED').get(BLUE)?.x509Authorities, [ROOT.der]);
  assert.is(rig.changes, 1);
  assert.is(await rig.audited('partner.fetched'), 1);
});

partners('polls at the hint, and says nothing where nothing changed', async () => {
  await using rig = await Rig.open();
  await rig.add();
  await rig.nextPoll();
  await rig.nextPoll();
  assert.is(rig.changes, 1);
  rig.bundle = bundleOf([ROOT, OTHER], { spiffe_sequence: 2 });
  await rig.nextPoll();
  assert.is(rig.changes, 2);
  assert.is(rig.partners.bundles('FRESH').get(BLUE)?.x509Authorities.length, 2);
});

partners('keeps the last good bundle through every failure, and lets it age by tier', async () => {
  await using rig = await Rig.open();
  await rig.add();
  const failures: readonly (readonly [string, Answer])[] = [
    ['endpoint-status', (_request, response) => response.writeHead(500).end()],
    ['json-syntax', (_request, response) => response.end('<html>')],
    ['bundle-malformed', answerWith(() => ({}))],
    ['sequence-rolled-back', answerWith(() => bundleOf([OTHER], { spiffe_sequence: 0 }))],
    ['sequence-repeated', answerWith(() => bundleOf([OTHER], { spiffe_sequence: 1 }))],
    [
      'endpoint-redirect',
      (_request, response) => response.writeHead(302, { location: 'http://127.0.0.1/' }).end(),
    ],
    ['peer-unreachable', (request) => request.socket.destroy()],
  ];
  for (const [code, answer] of failures) {
    rig.answer = answer;
    await rig.nextPoll();
    assert.is(rig.state.trouble?.code, code);
    assert.equal(rig.partners.bundles('DEGRADED').get(BLUE)?.x509Authorities, [ROOT.der]);
  }
  assert.is(await rig.audited('refused'), 6);
  assert.is(await rig.audited('partner.failed'), 1);
  const before = rig.changes;
  rig.clock.advance(DEGRADED_FOR_MS);
  assert.is(rig.state.standing.tier, 'SURVIVAL');
  assert.ok(rig.changes > before, 'a fall is a change');
  assert.is(rig.partners.bundles('DEGRADED').size, 0);
  assert.is(rig.partners.bundles('SURVIVAL').size, 1);
  rig.clock.advance(SURVIVAL_FOR_MS);
  assert.is(rig.state.standing.tier, 'EXPIRED');
  rig.answer = answerWith(() => rig.bundle);
  await rig.partners.refresh(BLUE).catch(() => undefined);
  await rig.partners.refresh(BLUE);
  assert.is(rig.state.standing.tier, 'FRESH');
  assert.is(rig.state.trouble, null);
});

partners('gives up an endpoint that hangs, and asks again at the usual time', async () => {
  await using rig = await Rig.open();
  await rig.add();
  const asked = Promise.withResolvers<void>();
  rig.answer = () => asked.resolve();
  const attempt = rig.partners.refresh(BLUE);
  await asked.promise;
  rig.clock.advance(ENDPOINT_FETCH_MS_MAX);
  const failure = await attempt.catch((error: unknown) => error);
  assert.ok(failure instanceof Failure);
  assert.is(failure.code, 'timed-out');
  rig.answer = answerWith(() => rig.bundle);
  await rig.nextPoll();
  assert.is(rig.state.trouble, null);
});

partners('remembers bundle, mark and age over a restart', async () => {
  await using rig = await Rig.open();
  rig.bundle = bundleOf([ROOT], { spiffe_sequence: 7 });
  await rig.add();
  rig.answer = answerWith(() => bundleOf([OTHER], { spiffe_sequence: 6 }));
  rig.clock.advance(HOUR_MS);
  await rig.restart();
  assert.is(rig.state.standing.tier, 'DEGRADED');
  assert.ok((rig.state.standing.ageMs ?? 0) >= HOUR_MS);
  await refused(() => rig.partners.refresh(BLUE), 'sequence-rolled-back');
  assert.equal(rig.partners.bundles('DEGRADED').get(BLUE)?.x509Authorities, [ROOT.der]);
});

partners('believes nothing that could not be stored first', async () => {
  await using rig = await Rig.open();
  await rig.add();
  rig.bundle = bundleOf([OTHER], { spiffe_sequence: 2 });
  rig.store.writable = false;
  await rig.nextPoll();
  assert.equal(rig.partners.bundles('DEGRADED').get(BLUE)?.x509Authorities, [ROOT.der]);
  rig.store.writable = true;
});

partners(
  'of the Web PKI are known by the roots that an operator named, as they are now',
  async () => {
    await using rig = await Rig.open();
    const web = forgeRoot(BLUE, CURRENT);
    await using server = await serveForeign(
      webLeaf(web, CURRENT),
      answerWith(() => rig.bundle),
    );
    const terms = { domain: BLUE, url: server.url, profile: { kind: 'https_web' } } as const;
    await rig.partners.add(terms, null);
    const poll = (): Promise<void> => rig.partners.refresh(BLUE);
    const missing = await poll().catch((error: unknown) => error);
    assert.ok(missing instanceof Failure);
    assert.is(missing.code, 'file-unreadable');
    await writeFile(rig.webRootsPath, 'no certificates\n');
    await refused(poll, 'bad-encoding');
    await writeFile(rig.webRootsPath, encodePem('CERTIFICATE', ROOT.der));
    await refused(poll, 'endpoint-identity');
    assert.is(server.requests(), 0);
    await writeFile(rig.webRootsPath, encodePem('CERTIFICATE', web.der));
    await poll();
    assert.is(rig.state.standing.tier, 'FRESH');
  },
);

partners('withdraws everything where the endpoint publishes no key', async () => {
  await using rig = await Rig.open();
  await rig.add();
  rig.bundle = { keys: [], spiffe_sequence: 2 };
  await rig.nextPoll();
  assert.equal(rig.partners.bundles('DEGRADED').get(BLUE)?.x509Authorities, []);
  assert.is(rig.changes, 2);
});

partners('are added once, with something to know the endpoint by, and removed whole', async () => {
  await using rig = await Rig.open();
  await refused(() => rig.partners.add(rig.terms, null), 'endpoint-identity');
  await refused(() => rig.partners.add(rig.terms, toUtf8('{}')), 'bundle-malformed');
  await rig.add();
  await refused(() => rig.partners.add(rig.terms, BOOTSTRAP), 'relation-exists');
  assert.is(rig.store.records.size, 1);
  assert.ok(await rig.partners.remove(BLUE));
  assert.not.ok(await rig.partners.remove(BLUE));
  assert.is(rig.store.records.size, 0);
  await refused(() => rig.partners.refresh(BLUE), 'relation-unknown');
  assert.is(rig.partners.states.length, 0);
});

partners.run();
