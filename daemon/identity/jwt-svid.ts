/**
 * Issues JWT-SVIDs (JWT-SVID §2, §3): who, for whom, from when until when, on what machine, and
 * nothing else.
 *
 * Whether the workload may have one, and until when, was decided by the caller.
 */

import { sign } from 'node:crypto';
import { assert } from '../../core/assert.ts';
import { toBase64Url, toUtf8 } from '../../core/bytes.ts';
import { encodeCanonical, type JsonObject } from '../../core/canonical.ts';
import type { Digest } from '../../core/digest.ts';
import type { SpiffeId } from '../../core/spiffe-id.ts';
import { SECOND_MS, type UnixMs } from '../../core/time.ts';
import type { Assurance } from '../../federation/assurance.ts';
import { JWT_ALGORITHM_OF, type JwtSigner } from './jwt-authority.ts';

/** Our own claim: a level of assurance (PROTOCOL §7.3). */
export const ASSURANCE_CLAIM = 'holdfast_assurance';

/** Our own claim: the override that allowed the token (PROTOCOL §4.9). */
export const OVERRIDE_CLAIM = 'holdfast_override';

/** What is to be issued. */
export interface JwtOrder {
  readonly spiffeId: SpiffeId;
  /** At least one. */
  readonly audience: readonly string[];
  /** What is known of the machine that gets it; absent where the issuer is that machine. */
  readonly assurance?: Assurance;
  /** The override that allows it. */
  readonly override?: Digest | null;
  readonly now: UnixMs;
  /** Cut to whole seconds. */
  readonly notAfter: UnixMs;
}

/** Signs one token, in JWS compact form. An order without audience or life is a caller's bug. */
export function issueJwtSvid(authority: JwtSigner, order: JwtOrder): string {
  const { spiffeId, audience, assurance, override = null, now, notAfter } = order;
  assert(audience.length > 0, 'a token is for somebody');
  const [iat, exp] = [secondsOf(now), secondsOf(notAfter)];
  assert(iat < exp, 'a token ends after it begins');
  const alg = JWT_ALGORITHM_OF[authority.keyType];
  const header = segment({ alg, kid: authority.kid, typ: 'JWT' });
  const machine = assurance === undefined ? {} : { [ASSURANCE_CLAIM]: assurance };
  const stamp = override === null ? {} : { [OVERRIDE_CLAIM]: override };
  const payload = segment({ aud: audience, exp, iat, sub: spiffeId, ...machine, ...stamp });
  const signed = `${header}.${payload}`;
  const { key } = authority;
  const signature =
    authority.keyType === 'ec-p256'
      ? sign('sha256', toUtf8(signed), { key, dsaEncoding: 'ieee-p1363' })
      : sign(null, toUtf8(signed), key);
  return `${signed}.${toBase64Url(signature)}`;
}

function segment(value: JsonObject): string {
  return toBase64Url(encodeCanonical(value));
}

function secondsOf(at: UnixMs): number {
  return Math.floor(at / SECOND_MS);
}
