/**
 * The authorities of our own domain, as they are kept: roll and keys, published and rotated.
 *
 * Every change is durable in three steps: the key in custody, the roll in the store, the bundle
 * document. A machine that dies in between publishes on its next start what the roll says. An
 * authority's key is destroyed when the next one signs: what is gone cannot be stolen.
 */

import {
  canonicalText,
  encodeCanonical,
  type JsonObject,
  parseCanonical,
} from '../../core/canonical.ts';
import { AUTHORITIES_MAX, AUTHORITY_LIFE_MS } from '../../core/limits.ts';
import { Refusal, type RefusalCode } from '../../core/refusal.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import { addMs, bootMs, HOUR_MS, type UnixMs } from '../../core/time.ts';
import { Members } from '../../federation/members.ts';
import type { KeyCustody } from '../custody/custody.ts';
import {
  type AuthorityLine,
  type AuthorityRoll,
  activated,
  adoptedFrom,
  checkPreparable,
  encodeRoll,
  findAuthority,
  isOfLine,
  nextNumber,
  nextStep,
  parseRoll,
  prepared,
  pruned,
  type RollEntry,
  type RollStep,
  revoked,
  tainted,
} from '../identity/authority-roll.ts';
import type { KeyType } from '../identity/private-key.ts';
import type { Signers } from '../identity/signers.ts';
import { encodeJwtKey, encodeX509Key } from '../identity/spiffe-bundle.ts';
import type { Clock, Log, Random, Store } from '../ports.ts';
import { RECORDS } from '../store/key-space.ts';
import { type AuthorityKey, AuthorityKeys, type NumberedAuthority } from './authority-keys.ts';

export interface AuthorityBookOptions {
  readonly domain: TrustDomain;
  readonly custody: KeyCustody;
  readonly store: Store;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The bundle document of our domain as it is held, whoever published it. */
export interface StandingBundle {
  readonly version: bigint;
  readonly keys: readonly JsonObject[];
}

/** What the daemon does for the book once it runs. */
export interface AuthorityPublisher {
  /** Publishes the keys of the bundle, all of them. */
  publish(keys: readonly JsonObject[]): Promise<void>;
  /** What stands published; null before anything does. */
  standing(): StandingBundle | null;
  /** The signers are others than before. */
  changed(): void;
  /** The schedule did something. */
  stepped(step: RollStep): Promise<void>;
}

/** What every domain has from its first start. */
const FIRST_LINES: readonly AuthorityLine[] = [
  { use: 'x509', keyType: 'ec-p256' },
  { use: 'jwt', keyType: 'ec-p256' },
];
/** What it has once an entry asks for it. */
const POST_QUANTUM_LINES: readonly AuthorityLine[] = [
  { use: 'x509', keyType: 'ml-dsa-65' },
  { use: 'jwt', keyType: 'ml-dsa-65' },
];
/** Why a machine that holds authorities may publish nothing now. */
const MUTE: ReadonlySet<RefusalCode> = new Set([
  ...(['time-unknown', 'authority-resuming', 'not-writer', 'key-revoked'] as const),
]);
/** Somebody may set the wall clock, so the schedule is looked at this often. */
const SCHEDULE_MS_MAX = HOUR_MS;

/** True for a refusal that only says: not now, or not here. */
export function isMute({ code }: Refusal): boolean {
  return MUTE.has(code);
}

export class AuthorityBook implements Signers {
  readonly #options: AuthorityBookOptions;
  readonly #keys: AuthorityKeys;
  /** Private keys of those that sign or will, by id. */
  readonly #open = new Map<string, AuthorityKey>();
  #roll: AuthorityRoll = [];
  /** The last version of the bundle that was published here. */
  #published = 0n;
  /** JWKs of the bundle in force, as text; null before it was looked at. */
  #inForce: ReadonlySet<string> | null = null;
  /** What should be published could not be yet, for want of a date or a voice. */
  isUnpublished = false;
  #publisher: AuthorityPublisher | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #cancelWake: () => void = () => undefined;

  private constructor(options: AuthorityBookOptions) {
    this.#options = options;
    this.#keys = new AuthorityKeys(options.domain, options.custody, options.random);
  }

  /** Opens the book, and makes the authorities that every domain has where they are missing. */
  static async open(options: AuthorityBookOptions): Promise<AuthorityBook> {
    const book = new AuthorityBook(options);
    const record = options.records.get(RECORDS.authorities);
    if (record !== undefined) book.#roll = parseRoll(parseCanonical(record));
    const published = options.records.get(RECORDS.published);
    if (published !== undefined) {
      book.#published = new Members(parseCanonical(published), 'published').u64('version');
    }
    for (const entry of book.#roll) {
      if (entry.state !== 'old') book.#open.set(entry.id, await book.#keys.load(entry));
    }
    for (const line of FIRST_LINES) await book.#found(line);
    return book;
  }

  /** All authorities that are published, or about to be. */
  get roll(): AuthorityRoll {
    return this.#roll;
  }

  /** The keys of the bundle. */
  get published(): readonly JsonObject[] {
    return this.#roll.map(({ jwk }) => jwk);
  }

  x509(keyType: KeyType) {
    const key = this.#signingKey({ use: 'x509', keyType });
    return key?.use === 'x509' ? key.authority : missing('x509', keyType);
  }

  jwt(keyType: KeyType) {
    const key = this.#signingKey({ use: 'jwt', keyType });
    return key?.use === 'jwt' ? key.authority : missing('jwt', keyType);
  }

  isTainted(authorityId: string): boolean {
    return this.#roll.find(({ id }) => id === authorityId)?.isTainted ?? true;
  }

  /** From now on changes are published, and the schedule is kept. */
  async start(publisher: AuthorityPublisher): Promise<void> {
    this.#publisher = publisher;
    this.follow();
    const outcome = await this.republish().catch((error: unknown) => error);
    // Without a date or a voice nothing is published, and all else is served all the same.
    this.isUnpublished = outcome instanceof Refusal && isMute(outcome);
    if (outcome !== undefined && !this.isUnpublished) throw outcome;
    this.#arm();
  }

  /** Publishes the bundle anew where it is not as it should be. */
  republish(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#adopt();
      await this.#publish();
      this.isUnpublished = false;
    });
  }

  /** The bundle in force is another one: what it does not name signs nothing. */
  follow(): void {
    const standing = this.#publisher?.standing() ?? null;
    this.#inForce = standing === null ? null : new Set(standing.keys.map(canonicalText));
  }

  /** Ends after the change under way. */
  async close(): Promise<void> {
    this.#publisher = undefined;
    this.#cancelWake();
    await this.#turn;
  }

  /** Makes authorities of ML-DSA-65 if any of `keyTypes` asks and there are none. */
  provide(keyTypes: ReadonlySet<KeyType>): Promise<void> {
    const areThere = (): boolean =>
      POST_QUANTUM_LINES.every((line) => this.#activeKey(line) !== undefined);
    if (areThere() || !keyTypes.has('ml-dsa-65')) return Promise.resolve();
    return this.#inTurn(async () => {
      if (areThere()) return; // whoever was before us in turn made them
      for (const line of POST_QUANTUM_LINES) {
        if (this.#roll.some((entry) => isOfLine(entry, line))) continue;
        await this.#save(prepared(this.#roll, await this.#create(line, 'prepared')));
      }
      // Published before it signs: an SVID whose bundle lacks its authority is worth nothing.
      await this.#publish();
      for (const line of POST_QUANTUM_LINES) await this.#activateFirst(line);
      await this.#tell();
    });
  }

  /** Makes and publishes the next authority of a line. Refuses `authority-state`. */
  prepare(line: AuthorityLine): Promise<RollEntry> {
    return this.#inTurn(async () => {
      checkPreparable(this.#roll, line);
      const entry = await this.#create(line, 'prepared');
      await this.#save(prepared(this.#roll, entry));
      await this.#tell();
      return entry;
    });
  }

  /** Lets a prepared authority sign. Refuses `authority-unknown` and `authority-state`. */
  activate(id: string): Promise<RollEntry> {
    return this.#inTurn(async () => {
      const before = this.#roll;
      await this.#save(activated(before, id));
      for (const entry of this.#roll) {
        const was = before.find((other) => other.id === entry.id)?.state;
        if (was === 'active' && entry.state === 'old') await this.#forget(entry);
      }
      await this.#tell();
      return findAuthority(this.#roll, id);
    });
  }

  /** Has all issued anew that an old authority signed. Refuses as `activate` does. */
  taint(id: string): Promise<RollEntry> {
    return this.#inTurn(async () => {
      await this.#save(tainted(this.#roll, id));
      await this.#tell();
      return findAuthority(this.#roll, id);
    });
  }

  /** Takes a tainted authority out of the bundle. Refuses as `activate` does. */
  revoke(id: string): Promise<RollEntry> {
    return this.#inTurn(async () => {
      const entry = findAuthority(this.#roll, id);
      await this.#save(revoked(this.#roll, id));
      await this.#tell();
      return entry;
    });
  }

  /**
   * Another machine of our domain published since we did, or we did and have forgotten: what signs
   * there, or signed, stays in the bundle until it ends. What we published last we know.
   */
  async #adopt(): Promise<void> {
    const standing = this.#publisher?.standing() ?? null;
    if (standing === null || standing.version <= this.#published) return;
    const known = new Set(this.#roll.map(({ jwk }) => canonicalText(jwk)));
    const { wall } = this.#options.clock.now();
    const unknown = standing.keys.filter((jwk) => !known.has(canonicalText(jwk)));
    const roll = [...this.#roll];
    for (const jwk of unknown) {
      if (roll.length < AUTHORITIES_MAX) roll.push(adoptedFrom(roll, jwk, wall));
    }
    if (roll.length > this.#roll.length) await this.#save(roll);
  }

  async #publish(): Promise<void> {
    await this.#publisher?.publish(this.published);
    const version = this.#publisher?.standing()?.version ?? this.#published;
    if (version === this.#published) return;
    const value = encodeCanonical({ version: String(version) });
    await this.#options.store.write([{ key: RECORDS.published, value }]);
    this.#published = version;
  }

  /** The key that signs for a line, while verifiers are told of it. */
  #signingKey(line: AuthorityLine): AuthorityKey | undefined {
    const entry = this.#roll.find((one) => isOfLine(one, line) && one.state === 'active');
    const isTold = entry !== undefined && this.#inForce?.has(canonicalText(entry.jwk)) !== false;
    return isTold ? this.#open.get(entry.id) : undefined;
  }

  async #activateFirst(line: AuthorityLine): Promise<void> {
    const ofLine = this.#roll.filter((entry) => isOfLine(entry, line));
    const [first] = ofLine;
    if (first === undefined || ofLine.some(({ state }) => state === 'active')) return;
    await this.#save(activated(this.#roll, first.id));
  }

  #activeKey(line: AuthorityLine): AuthorityKey | undefined {
    const active = this.#roll.find((entry) => isOfLine(entry, line) && entry.state === 'active');
    return active === undefined ? undefined : this.#open.get(active.id);
  }

  /** The first authority of a line signs at once: there is none that could go on meanwhile. */
  async #found(line: AuthorityLine): Promise<void> {
    if (this.#roll.some((entry) => isOfLine(entry, line))) return;
    // A first key that was never recorded has signed nothing, or is that of an older version.
    const first = { ...line, number: 1 };
    const isMade = await this.#keys.has(first);
    const entry = isMade
      ? this.#enter(first, await this.#keys.load(first), 'active')
      : await this.#create(line, 'active');
    await this.#save([...this.#roll, entry]);
  }

  async #create(line: AuthorityLine, state: 'prepared' | 'active'): Promise<RollEntry> {
    const numbered = { ...line, number: nextNumber(this.#roll, line) };
    const key = await this.#keys.create(numbered, this.#options.clock.now().wall);
    return this.#enter(numbered, key, state);
  }

  #enter(numbered: NumberedAuthority, key: AuthorityKey, state: 'prepared' | 'active'): RollEntry {
    const now = this.#options.clock.now().wall;
    const entry = { ...numbered, ...described(key, now), state, isTainted: false };
    this.#open.set(entry.id, key);
    return entry;
  }

  async #forget(entry: RollEntry): Promise<void> {
    this.#open.delete(entry.id);
    await this.#keys.destroy(entry);
  }

  async #save(roll: AuthorityRoll): Promise<void> {
    const value = encodeCanonical(encodeRoll(roll));
    await this.#options.store.write([{ key: RECORDS.authorities, value }]);
    this.#roll = roll;
  }

  async #tell(): Promise<void> {
    await this.#publish();
    this.#publisher?.changed();
    this.#arm();
  }

  #arm(): void {
    this.#cancelWake();
    const next = nextStep(this.#roll);
    if (next === undefined || this.#publisher === undefined) return;
    const { wall, boot } = this.#options.clock.now();
    const waitMs = Math.min(SCHEDULE_MS_MAX, Math.max(0, next.at - wall));
    this.#cancelWake = this.#options.clock.wakeAt(bootMs(boot + waitMs), () => {
      void this.#keepSchedule();
    });
  }

  async #keepSchedule(): Promise<void> {
    const next = nextStep(this.#roll);
    if (next !== undefined && next.at <= this.#options.clock.now().wall) {
      try {
        await this.#take(next.step);
        await this.#publisher?.stepped(next.step);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.#options.log.warn('authority schedule', { step: next.step.kind, code: error.code });
      }
    }
    this.#arm();
  }

  async #take(step: RollStep): Promise<void> {
    if (step.kind === 'prepare') await this.prepare(step.line);
    else if (step.kind === 'activate') await this.activate(step.id);
    else {
      await this.#inTurn(async () => {
        await this.#save(pruned(this.#roll, step.id));
        await this.#tell();
      });
    }
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function described(key: AuthorityKey, now: UnixMs): Pick<RollEntry, 'id' | 'notAfter' | 'jwk'> {
  if (key.use === 'jwt') {
    const { kid } = key.authority;
    return { id: kid, notAfter: addMs(now, AUTHORITY_LIFE_MS), jwk: encodeJwtKey(key.authority) };
  }
  const { id, certificate } = key.authority;
  return { id, notAfter: certificate.notAfter, jwk: encodeX509Key(certificate.der) };
}

function missing(use: string, keyType: KeyType): Refusal {
  return new Refusal('authority-unknown', { use, keyType });
}
