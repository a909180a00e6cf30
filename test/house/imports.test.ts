/** Who may import whom: the table of docs/ARCHITECTURE, each ban with its reason. */

import { posix } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { expectNone, readSources, type Source, sourceOf } from './source.ts';

const imports = suite('house/imports');

interface Room {
  /** What may be imported: folders, files without their ending, packages, `node:` names. */
  readonly may: readonly string[];
  readonly because: string;
}

/** The row whose prefix a path has is its room. */
const ROOMS: Readonly<Record<string, Room>> = {
  'core/': {
    may: ['core/', '@noble/'],
    because: 'core is the vocabulary: everybody imports it, it imports nobody and does nothing',
  },
  'federation/': {
    may: ['core/', 'federation/'],
    because: 'the protocol is a pure state machine, or the simulator could not drive it',
  },
  'firmware/': {
    may: ['core/', 'firmware/'],
    because: 'firmware is handed a TpmTransport; devices and sockets are opened in daemon/host',
  },
  'daemon/': {
    may: ['core/', 'federation/', 'firmware/', 'daemon/', 'node:', 'package:'],
    because: 'the daemon runs without its window, its simulator and its tests',
  },
  'tui/': {
    may: [
      ...['core/', 'tui/', 'node:'],
      ...['views', 'calls', 'frames', 'terms'].map((file) => `daemon/control/${file}`),
      ...['package:ink', 'package:react', 'package:ws'],
    ],
    because: 'the window speaks to the control socket and to nothing behind it',
  },
  'sim/': {
    may: ['core/', 'federation/', 'firmware/', 'sim/', 'daemon/daemon', 'daemon/ports', 'node:'],
    because: 'the simulated world has its own clock, network and disk',
  },
  'test/': {
    may: [
      ...['core/', 'federation/', 'firmware/', 'daemon/', 'tui/', 'sim/', 'test/'],
      ...['node:', 'package:', '@noble/'],
    ],
    because: 'tests may import everything',
  },
};

/** The libraries that have one home, so that replacing one is a change in one folder. */
const HOMES: Readonly<Record<string, string | readonly string[]>> = {
  '@noble/': 'core/',
  '@peculiar/x509': 'daemon/identity/',
  'reflect-metadata': 'daemon/identity/',
  '@connectrpc/': 'daemon/workload-api/',
  '@bufbuild/': 'daemon/workload-api/',
  koffi: 'daemon/host/',
  level: 'daemon/store/',
  libp2p: 'daemon/network/',
  '@libp2p/': 'daemon/network/',
  '@multiformats/': 'daemon/network/',
  'smol-toml': 'daemon/config/config',
  '@scure/': 'daemon/text/fingerprint-words',
  'qrcode-generator': 'daemon/text/qr-code',
  // Both ends of the control socket.
  ws: ['daemon/control/', 'tui/client'],
  ink: 'tui/',
  react: 'tui/',
};

/** The files of core behind which the runtime's cryptography lies. */
const CRYPTOGRAPHIC = /^core\/(?:digest|ed25519|imported-keys|ml-dsa-65|ciphers)\.ts$/;

interface Import {
  readonly from: string;
  /** `core/bytes.ts`, `node:fs`, `@noble/hashes/sha2.js`, `package:ws`. */
  readonly target: string;
}

/** Static, re-exporting and dynamic imports. Names stand in literals: read off the text. */
function importsOf(source: Source): readonly Import[] {
  const pattern =
    /^(?:import|export)\b[^'"`;]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;
  return [...source.text.matchAll(pattern)].map(([, from, bare, dynamic]) => {
    const name = from ?? bare ?? dynamic ?? '';
    const target = name.startsWith('.')
      ? posix.join(posix.dirname(source.path), name)
      : /^(?:node:|@noble\/)/.test(name)
        ? name
        : `package:${name}`;
    return { from: source.path, target };
  });
}

function importOffences(source: Source): readonly string[] {
  const key = Object.keys(ROOMS).find((prefix) => source.path.startsWith(prefix));
  const room = key === undefined ? undefined : ROOMS[key];
  if (room === undefined) return [`${source.path}: outside of every room of the table`];
  const may = CRYPTOGRAPHIC.test(source.path) ? [...room.may, 'node:crypto'] : room.may;
  return importsOf(source)
    .filter(({ target }) => !may.some((allowed) => target.startsWith(allowed)))
    .map(({ from, target }) => `${from} imports ${target}: ${room.because}`);
}

function homeOffences(source: Source): readonly string[] {
  if (source.path.startsWith('test/')) return [];
  return importsOf(source).flatMap(({ from, target }) => {
    const name = target.replace(/^package:/, '');
    const home = Object.entries(HOMES).find(([prefix]) => isPackage(name, prefix))?.[1];
    if (home === undefined || [home].flat().some((each) => from.startsWith(each))) return [];
    return [`${from} imports ${name}, whose only home is ${home}: ask that folder instead`];
  });
}

function isPackage(name: string, prefix: string): boolean {
  return prefix.endsWith('/')
    ? name.startsWith(prefix)
    : name === prefix || name.startsWith(`${prefix}/`);
}

imports('keep to the table', () => {
  expectNone(readSources().flatMap(importOffences));
});

imports('of a library stay in its one home', () => {
  expectNone(readSources().flatMap(homeOffences));
});

imports('are noticed when they break the table', () => {
  const planted: readonly (readonly [string, string])[] = [
    ['core/x.ts', "import { open } from 'node:fs';"],
    ['core/x.ts', "import { hash } from 'node:crypto';"],
    ['core/x.ts', "import type { Node } from '../federation/node.ts';"],
    ['federation/x.ts', "import { a } from '../firmware/tpm.ts';"],
    ['federation/x.ts', "import {\n  a,\n} from 'node:crypto';"],
    ['firmware/x.ts', "export { a } from '../daemon/ports.ts';"],
    ['daemon/x.ts', "const a = await import('../tui/main.ts');"],
    ['sim/x.ts', "import '../daemon/host/clock.ts';"],
    ['tui/x.ts', "import { a } from '../daemon/daemon.ts';"],
    ['elsewhere/x.ts', ''],
  ];
  for (const [path, text] of planted) {
    assert.is(importOffences(sourceOf(path, text)).length, 1, `${path}: ${text}`);
  }
  const level = sourceOf('daemon/audit/log.ts', "import { Level } from 'level';");
  assert.is(homeOffences(level).length, 1);
});

imports('that the table allows are let through', () => {
  const text = "import { a } from './a.ts';\nimport { b } from '../core/bytes.ts';";
  assert.equal(importOffences(sourceOf('federation/x.ts', text)), []);
});

imports.run();
