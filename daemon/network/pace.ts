/**
 * How much a link carries, where that is little (PROTOCOL §6.2): both sides say in the handshake
 * what they were told of the link, and the less counts for both.
 *
 * A slow link has no gossip, long heartbeats, and gives our own traffic half of what it carries, so
 * that what people use it for goes on. What is said here is a matter of manners between admitted
 * peers; it keeps nobody hostile from sending more.
 */

import { BlockList, isIP } from 'node:net';
import { Reader, Writer } from '../../core/bytes.ts';

/** Bits a second, or null where nobody has to spare them. */
export type Pace = number | null;

/** Share of a slow link that our frames may take. */
export const SLOW_SHARE = 1 / 2;

/** Four bytes: bits a second, 0 for no limit. */
export function encodePace(pace: Pace): Uint8Array {
  return new Writer().u32(pace ?? 0).finish();
}

/** Refuses `truncated` and `trailing-bytes`. */
export function decodePace(bytes: Uint8Array): Pace {
  const reader = new Reader(bytes);
  const bitsPerS = reader.u32();
  reader.end();
  return bitsPerS === 0 ? null : bitsPerS;
}

/** The less of the two. */
export function slowerPace(a: Pace, b: Pace): Pace {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

/** The pace of a host: `bitsPerS` where `networks` (`192.0.2.7`, `192.0.2.0/24`) hold it. */
export function paceOf(networks: readonly string[], bitsPerS: number): (host: string) => Pace {
  const slow = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const bits =
      prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number.parseInt(prefix, 10);
    slow.addSubnet(address, bits, family);
  }
  return (host) => {
    const family = isIP(host);
    if (family === 0) return null;
    return slow.check(host, family === 6 ? 'ipv6' : 'ipv4') ? bitsPerS : null;
  };
}
