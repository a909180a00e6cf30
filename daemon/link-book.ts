/**
 * The addresses we stay linked with: those of the configuration, and those given with a partner.
 *
 * An address is a way to reach somebody and proves nothing; who answers is judged in the
 * handshake. So addresses are local state and no part of any signed document.
 */

import { encodeCanonical, isObject, parseCanonical } from '../core/canonical.ts';
import { Refusal } from '../core/refusal.ts';
import { parseTrustDomain, type TrustDomain } from '../core/spiffe-id.ts';
import type { Network, Store } from './ports.ts';
import { SPACES } from './store/key-space.ts';

export class LinkBook {
  readonly #store: Store;
  readonly #network: Network;
  #configured: readonly string[];
  readonly #partners = new Map<TrustDomain, readonly string[]>();

  constructor(
    store: Store,
    records: ReadonlyMap<string, Uint8Array>,
    network: Network,
    configured: readonly string[],
  ) {
    this.#store = store;
    this.#network = network;
    this.#configured = configured;
    for (const [key, value] of records) {
      if (!key.startsWith(SPACES.link)) continue;
      const domain = parseTrustDomain(key.slice(SPACES.link.length));
      this.#partners.set(domain, readAddresses(value, key));
    }
  }

  /** Links to every address there is. */
  open(): void {
    for (const address of this.#all()) this.#network.link(address);
  }

  /** The addresses given with a partner. */
  of(domain: TrustDomain): readonly string[] {
    return this.#partners.get(domain) ?? [];
  }

  /** Replaces a partner's addresses, durably, and links or unlinks what changed. */
  async set(domain: TrustDomain, addresses: readonly string[]): Promise<void> {
    const key = `${SPACES.link}${domain}`;
    const value = addresses.length === 0 ? null : encodeCanonical({ addresses: [...addresses] });
    await this.#store.write([{ key, value }]);
    this.#change(() => {
      if (addresses.length === 0) this.#partners.delete(domain);
      else this.#partners.set(domain, [...addresses]);
    });
  }

  /** Replaces the addresses of the configuration, and links or unlinks what changed. */
  configure(addresses: readonly string[]): void {
    this.#change(() => {
      this.#configured = addresses;
    });
  }

  #change(change: () => void): void {
    const before = this.#all();
    change();
    const after = this.#all();
    for (const address of before) if (!after.has(address)) this.#network.unlink(address);
    for (const address of after) if (!before.has(address)) this.#network.link(address);
  }

  #all(): ReadonlySet<string> {
    return new Set([...this.#configured, ...[...this.#partners.values()].flat()]);
  }
}

function readAddresses(value: Uint8Array, key: string): readonly string[] {
  const record = parseCanonical(value);
  const list = isObject(record) ? record.addresses : undefined;
  if (!Array.isArray(list)) throw new Refusal('state-corrupt', { record: key });
  return list.map((address) => {
    if (typeof address !== 'string') throw new Refusal('state-corrupt', { record: key });
    return address;
  });
}
