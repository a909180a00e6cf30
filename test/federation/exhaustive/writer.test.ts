/**
 * The writer's fence and its start: every sequence of changes, withdrawals, power cuts between
 * number and signature, restarts and restored backups, up to a length. No number has two bodies,
 * and what was taken back is never said again (PROTOCOL §2.6, §3.5). Signatures are stood in.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, toUtf8 } from '../../../core/bytes.ts';
import { sha256 } from '../../../core/digest.ts';
import { Refusal } from '../../../core/refusal.ts';
import { parseTrustDomain } from '../../../core/spiffe-id.ts';
import type { Signer } from '../../../core/suite.ts';
import { bootMs, DAY_MS, unixMs } from '../../../core/time.ts';
import { readBeacon } from '../../../federation/beacon.ts';
import { decodeEnvelope } from '../../../federation/envelope.ts';
import { foundDomain } from '../../../federation/found.ts';
import type { Input } from '../../../federation/input.ts';
import { FederationNode } from '../../../federation/node.ts';
import { recordKey } from '../../../federation/record-key.ts';
import { decodeTick, STOP_INDEX, TICK_BYTES, tickTagOf } from '../../../federation/tick.ts';
import { standInSuite } from '../../../sim/stand-in-suite.ts';
import { INITIAL, LIMITS } from '../../fakes/coalition.ts';
import { NO_DICE } from '../../fakes/seeded-random.ts';

const writer = suite('federation/exhaustive/writer');

const NOW = 1_790_000_000_000;
const EPOCH_MS = 1_000;
const DOMAIN = parseTrustDomain('blue.example');
const [ROOT, FIRST, SECOND] = [signerOf('root'), signerOf('first'), signerOf('second')];
const [DOCUMENTS, NODE] = [signerOf('documents'), signerOf('node')];
const [REVOKER, OTHER] = [signerOf('revoker'), signerOf('other')];

/** What may happen next; `cut` loses the power once the number is stored. */
const CHANGES = ['change', 'withdraw', 'withdraw cut', 'revoke'] as const;
const ACTS = [...CHANGES, 'draw', 'pass', 'boot', 'backup', 'restore'] as const;
type Act = (typeof ACTS)[number];
const LENGTH = 3;

function signerOf(name: string): Signer {
  return standInSuite.openSigner(concat(sha256(toUtf8(`${name}/1`)), sha256(toUtf8(`${name}/2`))));
}

/** A disk with the Root and nothing else. */
const FOUNDED: ReadonlyMap<string, Uint8Array> = (() => {
  const keys = { root: ROOT, beacon: [FIRST, SECOND], documents: DOCUMENTS } as const;
  const terms = { domain: DOMAIN, now: unixMs(NOW - DAY_MS), minEpochMs: EPOCH_MS };
  const ceilings = { freshForMs: DAY_MS, degradedForMs: DAY_MS, survivalForMs: DAY_MS };
  const writes = foundDomain({ ...keys, revocation: [REVOKER, OTHER] }, { ...terms, ceilings });
  return new Map(writes.flatMap(({ key, value }) => (value === null ? [] : [[key, value]])));
})();

/** The machine of an authority, a backup of its disk, and all that ever left it. */
class Authority {
  #disk = new Map(FOUNDED);
  #backup: ReadonlyMap<string, Uint8Array> = FOUNDED;
  #elapsedMs = 0;
  #bootedMs = 0;
  #boots = 0;
  #count = 0;
  #batchesLeft = Number.POSITIVE_INFINITY;
  #isDown = false;
  #draws = 0;
  readonly #revocations = new Set<number>();
  readonly #bodies = new Map<string, string>();
  /** What ticks call the beacons that were taken back. */
  readonly #takenBack = new Set<string>();
  #node = this.#start();

  constructor() {
    this.#input({ kind: 'publish', request: ++this.#count, drafts: INITIAL, withdrawal: false });
    this.#pass();
    this.#backup = new Map(this.#disk);
  }

  /** How many beacons left. */
  get said(): number {
    return this.#bodies.size;
  }

  do(act: Act): void {
    const request = ++this.#count;
    switch (act) {
      case 'pass':
        return this.#pass();
      case 'draw':
        return this.#draw();
      case 'change':
        return this.#input({ kind: 'publish', request, drafts: INITIAL, withdrawal: false });
      case 'withdraw cut':
        this.#batchesLeft = 1;
        return this.#withdraw(request);
      case 'withdraw':
        return this.#withdraw(request);
      case 'revoke': {
        this.#revocations.add(request);
        const notAfter = unixMs(NOW + DAY_MS);
        const targets = [{ class: 'leaf', target: `0${request % 10}`, notAfter } as const];
        return this.#input({ kind: 'revoke', request, targets });
      }
      case 'backup':
        this.#backup = new Map(this.#disk);
        return;
      case 'restore':
        this.#disk = new Map(this.#backup);
        return this.#boot();
      case 'boot':
        return this.#boot();
    }
  }

  #withdraw(request: number): void {
    this.#input({ kind: 'publish', request, drafts: INITIAL, withdrawal: true });
    if (this.#isDown) this.#boot();
  }

  /** Time passes, and only then the random bytes come that were asked for before. */
  #pass(): void {
    for (let i = 0; i < 4; i++) {
      this.#elapsedMs += EPOCH_MS / 2;
      this.#input({ kind: 'wake' });
    }
    this.#draw();
  }

  #draw(): void {
    for (; this.#draws > 0; this.#draws--) {
      const bytes = [0, 1, 2].map((i) => sha256(toUtf8(`${++this.#count}/${i}`)));
      this.#input({ kind: 'drawn', purpose: 'beacon', bytes: concat(...bytes) });
    }
  }

  #boot(): void {
    this.#boots++;
    this.#bootedMs = this.#elapsedMs;
    this.#draws = 0;
    this.#isDown = false;
    this.#batchesLeft = Number.POSITIVE_INFINITY;
    this.#node = this.#start();
    this.#input({ kind: 'time', request: ++this.#count, time: null });
    this.#input({ kind: 'confirm', request: ++this.#count });
  }

  #start(): FederationNode {
    return new FederationNode({
      ...{ own: DOMAIN, suite: standInSuite, records: this.#disk, limits: null, node: NODE },
      ...{ bootId: `boot-${this.#boots}`, now: this.#now, continuity: 'software' },
      dice: NO_DICE,
      authority: {
        keys: [FIRST, DOCUMENTS, REVOKER],
        settings: { limits: LIMITS, periodMs: EPOCH_MS },
        hasMembers: false,
      },
    });
  }

  get #now() {
    return { wall: unixMs(NOW + this.#elapsedMs), boot: bootMs(this.#elapsedMs - this.#bootedMs) };
  }

  #input(input: Input): void {
    if (this.#isDown) return;
    for (const effect of this.#node.handle(this.#now, input).effects) {
      if (this.#isDown) return;
      if (effect.kind === 'draw' && effect.purpose === 'beacon') this.#draws++;
      if (effect.kind === 'gossip') this.#left(effect.message);
      if (effect.kind === 'reply' && !(effect.answer instanceof Refusal)) {
        // PROTOCOL §3.5 — a revocation takes back all that was said before it.
        if (this.#revocations.has(effect.request)) this.#takeBack();
      }
      if (effect.kind !== 'persist') continue;
      for (const { key, value } of effect.writes) {
        // PROTOCOL §3.5 — who is given a number can say nothing more under the one before.
        if (key === recordKey(DOMAIN, 'writer')) this.#takeBack();
        if (value === null) this.#disk.delete(key);
        else this.#disk.set(key, value);
      }
      this.#isDown = --this.#batchesLeft <= 0;
    }
  }

  /** From here on nothing that left until now may be said to hold still. */
  #takeBack(): void {
    for (const tag of this.#bodies.values()) this.#takenBack.add(tag);
  }

  #left(message: Uint8Array): void {
    if (message.length === TICK_BYTES) {
      const { tag, index } = decodeTick(message);
      if (index === STOP_INDEX) this.#takenBack.add(tag);
      else assert.not.ok(this.#takenBack.has(tag), 'a tick of what was taken back');
      return;
    }
    const { rank, epoch, digest } = readBeacon(decodeEnvelope(message));
    const tag = tickTagOf(digest);
    const place = `${rank}/${epoch}`;
    assert.is(this.#bodies.get(place) ?? tag, tag, 'a number with two bodies');
    this.#bodies.set(place, tag);
  }
}

function* sequences(length: number): Iterable<readonly Act[]> {
  if (length === 0) yield [];
  else for (const rest of sequences(length - 1)) for (const act of ACTS) yield [...rest, act];
}

writer('writer: signs no number twice and says nothing again that it took back', () => {
  let [count, said] = [0, 0];
  for (const acts of sequences(LENGTH)) {
    const machine = new Authority();
    for (const act of acts) machine.do(act);
    // Once for what was asked for, once for what follows from it.
    machine.do('pass');
    machine.do('pass');
    count++;
    said += machine.said;
  }
  assert.is(count, 729);
  assert.ok(said > count, `${said} beacons left in ${count} lives`);
});

writer.run();
