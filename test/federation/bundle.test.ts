/** The bundle's shape: a SPIFFE bundle that SPIFFE readers take as it stands (PROTOCOL §2.4). */

import { suite } from 'uvu';
import type { Json, JsonObject } from '../../core/canonical.ts';
import { AUTHORITIES_MAX } from '../../core/limits.ts';
import { readBundle } from '../../federation/bundle.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { refuses } from '../refused.ts';
import { forgeBundle } from './forge.ts';

const bundles = suite('federation/bundle');

const read = (members: JsonObject): void =>
  readBundle(decodeEnvelope(forgeBundle(4, members)).members);
const keys = (...list: readonly Json[]): JsonObject => ({ keys: list });
const KEY = { kty: 'EC', use: 'x509-svid', x5c: ['MII='] };

bundles('hold authorities for X.509 and for JWT', () => {
  read(keys());
  read(keys(KEY, { kty: 'EC', use: 'jwt-svid', kid: 'a' }));
});

bundles('hold no authority of another use: SPIRE would drop the whole bundle', () => {
  refuses('bundle-malformed', () => read(keys({ ...KEY, use: 'wit-svid' })));
  refuses('document-malformed', () => read(keys({ kty: 'EC' })));
  refuses('document-malformed', () => read(keys('key')));
});

bundles('hold one certificate a key, of a bounded length', () => {
  read(keys({ ...KEY, x5c: ['M'.repeat(16 * 1024)] }));
  refuses('bundle-malformed', () => read(keys({ ...KEY, x5c: ['M'.repeat(16 * 1024 + 1)] })));
  refuses('bundle-malformed', () => read(keys({ ...KEY, x5c: [1] })));
  refuses('document-malformed', () => read(keys({ ...KEY, x5c: ['a', 'b'] })));
});

bundles('hold a bounded number of authorities', () => {
  read(keys(...Array.from({ length: AUTHORITIES_MAX }, () => KEY)));
  refuses('document-malformed', () =>
    read(keys(...Array.from({ length: AUTHORITIES_MAX + 1 }, () => KEY))),
  );
});

bundles('say their version as spiffe_sequence too', () => {
  refuses('bundle-malformed', () => read({ spiffe_sequence: 5 }));
  refuses('document-malformed', () => read({ spiffe_sequence: '4' }));
});

bundles.run();
