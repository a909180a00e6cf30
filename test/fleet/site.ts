/** Where the daemons of a fleet live: what runs them there, and where their wires end. */

import type { Line, Place } from './wire.ts';

/** The kernel ends a daemon when whoever started it is gone. */
export const WITH_US = ['setpriv', '--pdeathsig', 'KILL', '--'] as const;
/** Where every daemon listens, at an address of its own. */
export const PORT = 7_946;

/** Two daemons by their number; the first one dials. */
export type LinkEnds = readonly [number, number];

/** Both ends of a wire. */
export interface Plugs {
  /** Where the first daemon dials. */
  readonly near: Place;
  /** Where the second one answers. */
  readonly far: Place;
  /** The host that the second one hears from; the kernel's choice unless said. */
  readonly seenAs?: string;
}

export interface Site extends AsyncDisposable {
  /** The command that runs another one where this daemon lives. */
  within(index: number): readonly string[];
  /** The multiaddress that it listens at. */
  listenOf(index: number): string;
  /** Where the wire of a link is plugged in. */
  plugsOf(link: LinkEnds): Plugs;
  /** What is left of a line for the relay to do. */
  relayed(line: Line): Line;
}

/** What the cables of a site do to what they carry. */
export interface Cables {
  /** Bits a second and direction; null without a limit. */
  readonly bitsPerS: number | null;
  /** Segments lost of a million, each way; a site without a kernel of its own loses none. */
  readonly lossPpm: number;
}

/** Makes a site for so many daemons with these links. */
export type OpenSite = (size: number, links: readonly LinkEnds[], cables: Cables) => Promise<Site>;

/** The multiaddress of a place. */
export function multiaddressOf({ host, port }: Place): string {
  return `/ip4/${host}/tcp/${port}`;
}
