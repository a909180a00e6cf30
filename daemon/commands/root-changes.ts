/** The changes that `holdfast root propose` takes, from options to what a draft understands. */

import { resolve } from 'node:path';
import {
  BEACON_KEY_LIFE_MS,
  SIGNERS_MAX,
  SURVIVAL_CEILING_MS,
  WRITER_FOR_MS_MAX,
  WRITER_FOR_MS_MIN,
} from '../../core/limits.ts';
import type { KeyId } from '../../core/suite.ts';
import { addMs, type UnixMs } from '../../core/time.ts';
import { LEASE_KINDS } from '../../federation/root.ts';
import type { RootChange, Threshold } from '../../federation/root-draft.ts';
import { loadPublicKey } from '../ceremony/person-key.ts';
import { parseDuration } from '../text/duration.ts';
import { parseCount, UsageError } from './command.ts';

const MANY = { type: 'string' as const, multiple: true as const, default: [] as string[] };

/** The options of `propose` that change something. */
export const CHANGE_OPTIONS = {
  'rotate-beacon': { type: 'string' },
  standby: MANY,
  'add-root': MANY,
  'add-documents': MANY,
  'add-revocation': MANY,
  'add-override': MANY,
  retire: MANY,
  compromise: MANY,
  'root-threshold': { type: 'string' },
  'lease-threshold': { type: 'string' },
  'authority-threshold': { type: 'string' },
  'fresh-ceiling': { type: 'string' },
  'degraded-ceiling': { type: 'string' },
  'survival-ceiling': { type: 'string' },
  'lease-kinds': { type: 'string' },
  'writer-for': { type: 'string' },
  until: MANY,
  'new-lineage': { type: 'boolean', default: false },
} as const;

type Single =
  | 'rotate-beacon'
  | `${'root' | 'lease' | 'authority'}-threshold`
  | `${'fresh' | 'degraded' | 'survival'}-ceiling`
  | 'lease-kinds'
  | 'writer-for';
type Many =
  | 'standby'
  | `add-${'root' | 'documents' | 'revocation' | 'override'}`
  | 'retire'
  | 'compromise'
  | 'until';

/** Values of `CHANGE_OPTIONS`. */
export type ChangeValues = { readonly [Name in Single]?: string | undefined } & {
  readonly [Name in Many]: readonly string[];
} & { readonly 'new-lineage': boolean };

const KEY_ID = /^[0-9a-f]{64}$/;
const THRESHOLDS: readonly Exclude<Threshold, 'documents'>[] = ['root', 'lease', 'authority'];

/** Reads the options. Throws `UsageError`; refuses what `loadPublicKey` refuses. */
export async function changesOf(values: ChangeValues, now: UnixMs): Promise<readonly RootChange[]> {
  const changes: RootChange[] = values['new-lineage'] ? [{ kind: 'lineage' }] : [];
  for (const keyId of values.retire) changes.push({ kind: 'retire', keyId: keyIdIn(keyId) });
  for (const id of values.compromise) changes.push({ kind: 'compromise', keyId: keyIdIn(id) });
  const rotated = values['rotate-beacon'];
  if (rotated !== undefined) changes.push({ kind: 'rotate', key: await publicKey(rotated) });
  for (const file of values.standby) changes.push({ kind: 'standby', key: await publicKey(file) });
  for (const role of ['root', 'documents', 'revocation'] as const) {
    for (const file of values[`add-${role}`]) {
      changes.push({ kind: 'add', role, key: await publicKey(file) });
    }
  }
  for (const text of values['add-override']) {
    const [name = '', file = ''] = text.split('=');
    changes.push({ kind: 'override', name, key: await publicKey(file) });
  }
  for (const of of THRESHOLDS) {
    const text = values[`${of}-threshold`];
    if (text === undefined) continue;
    changes.push({ kind: 'threshold', of, is: parseCount(text, `--${of}-threshold`, SIGNERS_MAX) });
  }
  return [...changes, ...figures(values, now)];
}

function figures(values: ChangeValues, now: UnixMs): readonly RootChange[] {
  const limits = {
    ...ceiling(values, 'fresh'),
    ...ceiling(values, 'degraded'),
    ...ceiling(values, 'survival'),
  };
  const kinds = values['lease-kinds']?.split(',').map((name) => {
    const kind = LEASE_KINDS.find((known) => known === name.trim());
    if (kind === undefined) throw new UsageError(`no kind of lease: ${JSON.stringify(name)}`);
    return kind;
  });
  return [
    ...(Object.keys(limits).length === 0 ? [] : [{ kind: 'ceilings', limits } as const]),
    ...(kinds === undefined ? [] : [{ kind: 'lease-kinds', kinds } as const]),
    ...writerFor(values['writer-for']),
    ...values.until.map((text) => untilOf(text, now)),
  ];
}

function ceiling(values: ChangeValues, name: 'fresh' | 'degraded' | 'survival') {
  const text = values[`${name}-ceiling`];
  if (text === undefined) return {};
  return { [`${name}ForMs`]: durationIn(text, `--${name}-ceiling`, SURVIVAL_CEILING_MS) };
}

function writerFor(text: string | undefined): readonly RootChange[] {
  if (text === undefined) return [];
  if (text === 'never') return [{ kind: 'writer-for', ms: null }];
  const ms = durationIn(text, '--writer-for', WRITER_FOR_MS_MAX);
  if (ms < WRITER_FOR_MS_MIN) throw new UsageError('--writer-for: at least 4s, or never');
  return [{ kind: 'writer-for', ms }];
}

function untilOf(text: string, now: UnixMs): RootChange {
  const [key = '', span = ''] = text.split('=');
  const ms = durationIn(span, '--until', 10 * BEACON_KEY_LIFE_MS);
  return { kind: 'until', keyId: keyIdIn(key), until: addMs(now, ms) };
}

function durationIn(text: string, option: string, mostMs: number): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms > mostMs) throw new UsageError(`${option} takes a duration like 30d`);
  return ms;
}

function keyIdIn(text: string): KeyId {
  if (!KEY_ID.test(text)) throw new UsageError('a key id has 64 digits, as root show prints it');
  return text as KeyId;
}

function publicKey(file: string) {
  return loadPublicKey(resolve(file));
}
