/**
 * The identities of a member: what its lease lets it issue, kept supplied by its authority, and the
 * directory that serves workloads from it (PROTOCOL §7.2).
 *
 * All that is granted lies in the store and in custody, so a start with no network serves at once.
 */

import { toHex } from '../../core/bytes.ts';
import { Failure } from '../../core/failure.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import type { Lease } from '../../federation/lease.ts';
import type { FederationNode } from '../../federation/node.ts';
import type { NodeCustody } from '../custody/open-custody.ts';
import { HeldIssuing } from '../enrolment/held-issuing.ts';
import { SliceBook } from '../enrolment/slice-book.ts';
import { SliceKeys } from '../enrolment/slice-keys.ts';
import { TopUp } from '../enrolment/top-up.ts';
import { decodeCertificate } from '../identity/certificate.ts';
import { IdentityDirectory, type TrustView } from '../identity/directory.ts';
import { isSerialRevoked } from '../identity/revoked.ts';
import type { Clock, Log, Network, PeerName, Random, Store } from '../ports.ts';

/** What a member's identities are made of. */
export interface MemberIdentitiesOptions {
  readonly node: FederationNode;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: Store;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly custody: NodeCustody;
  readonly network: Network;
  /** Linked nodes of the own domain. */
  readonly peers: () => readonly PeerName[];
  readonly view: () => TrustView;
}

/** The name of the issuing key in custody. */
const ISSUING_KEY = 'issuing';

export class MemberIdentities {
  readonly directory: IdentityDirectory;
  readonly issuing: HeldIssuing;
  readonly #options: MemberIdentitiesOptions;
  readonly #topUp: TopUp;
  #view: TrustView;
  #trusted: ReadonlySet<string>;

  private constructor(
    options: MemberIdentitiesOptions,
    held: Pick<ConstructorParameters<typeof HeldIssuing>[0], 'key' | 'keys' | 'slices'>,
  ) {
    const { clock, random, log } = options;
    this.#options = options;
    this.#view = options.view();
    this.#trusted = keyIdsIn(this.#view);
    this.issuing = new HeldIssuing({
      ...{ clock, random, ...held },
      entries: () => this.#view.entries,
      isTrusted: (id) => this.#trusted.has(id),
      isRevoked: (serial) => isSerialRevoked(this.#view.ownRevoked, serial),
      ask: (request) => this.#ask(request),
    });
    const lease = this.#lease();
    if (lease !== null) refusalOf(() => this.issuing.resume(lease));
    const [source, view] = [this.issuing, this.#view];
    this.directory = new IdentityDirectory({ clock, random, source, view });
    this.#topUp = new TopUp({
      ...{ issuing: this.issuing, clock, log },
      terms: () => this.#lease(),
      until: () => this.#view.renewUntil,
      ask: (request) => this.#ask(request),
      onGranted: () => this.directory.update(this.#view),
    });
  }

  /** Opens what was granted before. Refuses and fails as the custody does. */
  static async open(options: MemberIdentitiesOptions): Promise<MemberIdentities> {
    const { custody, random, store, records } = options;
    const key = await custody.issuingKey(ISSUING_KEY);
    const keys = await SliceKeys.open(custody.keys, random);
    const slices = new SliceBook({ store, records, keys });
    return new MemberIdentities(options, { key, keys, slices });
  }

  /** Something that is believed has changed. */
  update(): void {
    this.#view = this.#options.view();
    this.#trusted = keyIdsIn(this.#view);
    this.directory.update(this.#view);
    this.#topUp.look();
  }

  /** The keys obey another approver: an issuing key in the chip is then another key. */
  async rekey(): Promise<void> {
    const { custody, log } = this.#options;
    try {
      this.issuing.signBy(await custody.issuingKey(ISSUING_KEY));
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof Failure)) throw error;
      log.warn('issuing key not renewed', { code: error.code, why: error.message });
    }
    this.update();
  }

  async close(): Promise<void> {
    this.directory.close();
    await this.#topUp.close();
  }

  /** The lease in force. */
  #lease(): Lease | null {
    const lease = refusalOf(() => this.#options.node.lease(this.#options.clock.now()));
    return lease instanceof Refusal ? null : lease;
  }

  /** Asks whoever is linked until one answers: an authority does, other members do not. */
  async #ask(request: Uint8Array): Promise<Uint8Array> {
    let last: Refusal | Failure = new Failure(
      'peer-unreachable',
      'no node of the domain is linked',
    );
    for (const peer of this.#options.peers()) {
      try {
        return await this.#options.network.ask(peer, request);
      } catch (error) {
        if (!(error instanceof Refusal || error instanceof Failure)) throw error;
        if (!(error instanceof Refusal && error.code === 'desk-closed')) last = error;
      }
    }
    throw last;
  }
}

/** Subject key identifiers of the authorities that the own domain's bundle names. */
function keyIdsIn({ ownAuthorities }: TrustView): ReadonlySet<string> {
  const { x509Authorities, mlDsa65 } = ownAuthorities;
  return new Set(
    [...x509Authorities, ...mlDsa65.x509Authorities].map((der) =>
      toHex(decodeCertificate(der).subjectKeyId ?? new Uint8Array(0)),
    ),
  );
}
