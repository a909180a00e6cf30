/** The options of `holdfast entry` that say what may change in the life of an entry. */

import type { AssuranceLevel, EntryUpdate, KeyType } from '../control/views.ts';
import { parseDuration } from '../text/duration.ts';
import { UsageError } from './command.ts';

/** What `create` and `update` both take. */
export const REVISION_OPTIONS = {
  ttl: { type: 'string' },
  'jwt-ttl': { type: 'string' },
  'key-type': { type: 'string' },
  dns: { type: 'string', multiple: true },
  'federates-with': { type: 'string', multiple: true },
  hint: { type: 'string' },
  admin: { type: 'boolean' },
  'no-admin': { type: 'boolean' },
  'min-assurance': { type: 'string' },
  expires: { type: 'string' },
} as const;

interface RevisionValues {
  readonly ttl?: string | undefined;
  readonly 'jwt-ttl'?: string | undefined;
  readonly 'key-type'?: string | undefined;
  readonly dns?: readonly string[] | undefined;
  readonly 'federates-with'?: readonly string[] | undefined;
  readonly hint?: string | undefined;
  readonly admin?: boolean | undefined;
  readonly 'no-admin'?: boolean | undefined;
  readonly 'min-assurance'?: string | undefined;
  readonly expires?: string | undefined;
}

/** What was said of an entry beside its name; nothing where nothing was said. */
export function revisionIn(values: RevisionValues): Omit<EntryUpdate, 'id'> {
  const { ttl, dns, hint, expires, 'federates-with': federatesWith } = values;
  const { 'jwt-ttl': jwtTtl, 'key-type': keyType, 'min-assurance': minAssurance } = values;
  return {
    ...(ttl === undefined ? {} : { x509SvidTtlMs: parseTtl('--ttl', ttl) }),
    ...(jwtTtl === undefined ? {} : { jwtSvidTtlMs: parseTtl('--jwt-ttl', jwtTtl) }),
    ...(keyType === undefined ? {} : { keyType: parseKeyType(keyType) }),
    ...(dns === undefined ? {} : { dnsNames: dns }),
    ...(federatesWith === undefined ? {} : { federatesWith }),
    ...(hint === undefined ? {} : { hint }),
    ...(values.admin === true ? { admin: true } : {}),
    ...(values['no-admin'] === true ? { admin: false } : {}),
    ...(minAssurance === undefined ? {} : { minAssurance: parseLevel(minAssurance) }),
    ...(expires === undefined ? {} : { expiresAt: expires === 'never' ? '' : expires }),
  };
}

const KEY_TYPES: readonly KeyType[] = ['ec-p256', 'ml-dsa-65'];
const LEVELS: readonly AssuranceLevel[] = ['software', 'vtpm', 'tpm', 'measured-boot'];

function parseKeyType(text: string): KeyType {
  const known = KEY_TYPES.find((keyType) => keyType === text);
  if (known === undefined) throw new UsageError('--key-type takes ec-p256 or ml-dsa-65');
  return known;
}

function parseLevel(text: string): AssuranceLevel {
  const known = LEVELS.find((level) => level === text);
  if (known === undefined) throw new UsageError(`--min-assurance takes ${LEVELS.join(', ')}`);
  return known;
}

function parseTtl(option: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new UsageError(`${option} takes a duration such as 30m`);
  return ms;
}
