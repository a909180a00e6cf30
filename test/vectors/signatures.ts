/** Wycheproof's signatures against both legs of the suite, in both implementations. */

import { ed25519Native } from '../../core/ed25519.ts';
import { ed25519Portable } from '../../core/ed25519-portable.ts';
import type { Leg } from '../../core/leg.ts';
import { mlDsa65Native } from '../../core/ml-dsa-65.ts';
import { mlDsa65Portable } from '../../core/ml-dsa-65-portable.ts';
import type { Kind } from './kind.ts';
import {
  type CaseJudge,
  hexMember,
  isWycheproof,
  judgeCases,
  type WycheproofCase,
  type WycheproofGroup,
} from './wycheproof.ts';

const ED25519_TYPE = 'EddsaVerify';
const ML_DSA_TYPE = 'MlDsaVerify';

/** Ed25519. Files of other curves share the algorithm's name, so the groups tell. */
export const ed25519Kind: Kind = {
  name: 'Ed25519 verification (Wycheproof)',
  claims: (file) => isWycheproof(file, 'EDDSA', ED25519_TYPE),
  judge: (files) => judgeCases(files, ed25519Judge),
};

/** ML-DSA-65, its context strings included. */
export const mlDsa65Kind: Kind = {
  name: 'ML-DSA-65 verification (Wycheproof)',
  claims: (file) => isWycheproof(file, 'ML-DSA-65', ML_DSA_TYPE),
  judge: (files) => judgeCases(files, mlDsa65Judge),
};

const ed25519Judge: CaseJudge = {
  type: ED25519_TYPE,
  members: ['msg', 'sig'],
  verdicts(group, each) {
    const key = group.publicKey as Readonly<Record<string, unknown>>;
    if (key.curve !== 'edwards25519') return { unjudged: `curve ${String(key.curve)}` };
    const native = verdictOf(ed25519Native, hexMember(key, 'pk'), '', each);
    return { native, portable: verdictOf(ed25519Portable, hexMember(key, 'pk'), '', each) };
  },
};

const mlDsa65Judge: CaseJudge = {
  type: ML_DSA_TYPE,
  members: ['msg', 'sig', 'ctx'],
  verdicts(group: WycheproofGroup, each: WycheproofCase) {
    const context = contextOf(each);
    if (context === undefined) return { unjudged: 'a context that is no text: ours are labels' };
    const key = hexMember(group, 'publicKey');
    const native = verdictOf(mlDsa65Native, key, context, each);
    return { native, portable: verdictOf(mlDsa65Portable, key, context, each) };
  },
};

function verdictOf(
  leg: Leg,
  publicKey: Uint8Array,
  context: string,
  each: WycheproofCase,
): boolean {
  const message = hexMember(each, 'msg');
  return leg.verify({ publicKey, message, context, signature: hexMember(each, 'sig') });
}

/** The context as text; undefined where its bytes are not UTF-8. */
function contextOf(each: WycheproofCase): string | undefined {
  const bytes = each.ctx === undefined ? new Uint8Array() : hexMember(each, 'ctx');
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  return Buffer.from(text).equals(bytes) ? text : undefined;
}
