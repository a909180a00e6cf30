/** What becomes of a SPIFFE partner as bundles come, time passes and machines restart. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import type { JsonObject } from '../../../core/canonical.ts';
import {
  DEGRADED_FOR_MS,
  FRESH_FOR_MS,
  REFRESH_MS_MAX,
  REFRESH_MS_MIN,
  SURVIVAL_FOR_MS,
} from '../../../core/limits.ts';
import { bootMs, HOUR_MS, type Instant, MINUTE_MS, unixMs } from '../../../core/time.ts';
import { parseEndpointUrl } from '../../../daemon/bundle-endpoint/endpoint-terms.ts';
import {
  learn,
  newPartner,
  type Partner,
  pollIntervalMs,
  standingOf,
} from '../../../daemon/bundle-endpoint/partner.ts';
import { decodePartner, encodePartner } from '../../../daemon/bundle-endpoint/partner-record.ts';
import { refuses } from '../../refused.ts';
import { forgeRoot, NOW } from '../identity/forge.ts';
import { BLUE, bundleOf, ENDPOINT_ID } from './foreign.ts';

const partners = suite('daemon/bundle-endpoint/partner');

const TERMS = {
  domain: BLUE,
  url: parseEndpointUrl('https://blue.example/'),
  profile: { kind: 'https_spiffe', endpointId: ENDPOINT_ID },
} as const;
const LIMITS = {
  freshForMs: FRESH_FOR_MS,
  degradedForMs: DEGRADED_FOR_MS,
  survivalForMs: SURVIVAL_FOR_MS,
};
const ROOT = forgeRoot(BLUE);
const OTHER = forgeRoot(BLUE);
const BOOT = 'boot-1';

const bytesOf = (value: unknown): Uint8Array => toUtf8(JSON.stringify(value));
const numbered = (sequence: number, members: JsonObject = {}) =>
  bytesOf(bundleOf([ROOT], { spiffe_sequence: sequence, ...members }));

/** Both clocks, so long after the first fetch. */
function after(ms: number): Instant {
  return { wall: unixMs(NOW + ms), boot: bootMs(1_000 + ms) };
}

function learned(bytes: Uint8Array = numbered(5)): Partner {
  return learn(newPartner(TERMS, bytesOf(bundleOf([ROOT]))), bytes, after(0));
}

partners('is nothing to go by until its endpoint has answered', () => {
  const { tier, ageMs, cliff } = standingOf(newPartner(TERMS, numbered(1)), LIMITS, after(0));
  assert.equal([tier, ageMs, cliff], ['NONE', null, null]);
});

partners('ages from the moment of the last fetch, by limits of our own', () => {
  const partner = learned();
  const tierAfter = (ms: number) => standingOf(partner, LIMITS, after(ms)).tier;
  assert.is(tierAfter(0), 'FRESH');
  assert.is(tierAfter(FRESH_FOR_MS - 1), 'FRESH');
  assert.is(tierAfter(FRESH_FOR_MS), 'DEGRADED');
  assert.is(tierAfter(DEGRADED_FOR_MS), 'SURVIVAL');
  assert.is(tierAfter(SURVIVAL_FOR_MS), 'EXPIRED');
  const again = learn(partner, numbered(5), after(DEGRADED_FOR_MS));
  assert.is(standingOf(again, LIMITS, after(DEGRADED_FOR_MS)).tier, 'FRESH');
});

partners('stays fresh for three polls where it asks for few', () => {
  const partner = learned(numbered(5, { spiffe_refresh_hint: 1_200 }));
  const { limits, cliff } = standingOf(partner, LIMITS, after(0));
  assert.is(limits.freshForMs, 60 * MINUTE_MS);
  assert.equal(cliff, { tier: 'DEGRADED', inMs: 60 * MINUTE_MS });
});

partners('is polled at its hint, within bounds that are ours', () => {
  const intervalOf = (hint: number) =>
    pollIntervalMs(learned(numbered(5, { spiffe_refresh_hint: hint })));
  assert.is(intervalOf(0), REFRESH_MS_MIN);
  assert.is(intervalOf(300), 5 * MINUTE_MS);
  assert.is(intervalOf(10 * 365 * 86_400), REFRESH_MS_MAX);
  assert.is(pollIntervalMs(newPartner(TERMS, null)), REFRESH_MS_MIN);
});

partners('never goes back in its sequence, and does not repeat a number', () => {
  const partner = learned(numbered(5));
  for (const bytes of [numbered(4), numbered(0), bytesOf(bundleOf([ROOT]))]) {
    refuses('sequence-rolled-back', () => learn(partner, bytes, after(1)));
  }
  const same = bytesOf(bundleOf([OTHER], { spiffe_sequence: 5 }));
  refuses('sequence-repeated', () => learn(partner, same, after(1)));
  assert.is(learn(partner, numbered(6), after(1)).mark?.sequence, 6n);
  const revoked = bytesOf({ keys: [], spiffe_sequence: 6 });
  assert.equal(learn(partner, revoked, after(1)).held?.bundle.x509Authorities, []);
});

partners('may list the same keys in another order under the same number', () => {
  const one = bytesOf(bundleOf([ROOT, OTHER], { spiffe_sequence: 5 }));
  const two = bytesOf(bundleOf([OTHER, ROOT], { spiffe_sequence: 5 }));
  assert.is(learn(learned(one), two, after(1)).mark?.sequence, 5n);
});

partners('begins no lower than the bundle that a person carried here', () => {
  const partner = newPartner(TERMS, numbered(7));
  refuses('sequence-rolled-back', () => learn(partner, numbered(6), after(0)));
  assert.is(
    learn(partner, bytesOf(bundleOf([OTHER], { spiffe_sequence: 7 })), after(0)).held?.bundle
      .sequence,
    7n,
  );
});

partners('refuses what is no bundle, and skips keys of uses and types it does not know', () => {
  const partner = learned();
  for (const [code, text] of [
    ['bundle-malformed', '{}'],
    ['bundle-malformed', '[]'],
    ['bundle-malformed', '{"keys":[{"kty":"EC","use":"wit-svid","kid":"a"}],"spiffe_sequence":9}'],
    ['bundle-malformed', '{"keys":[{"kty":"XYZ","use":"x509-svid"}],"spiffe_sequence":9}'],
    ['json-duplicate-key', '{"keys":[],"keys":[]}'],
    ['json-syntax', '<!doctype html><title>503</title>'],
    ['json-syntax', ''],
    ['bundle-malformed', '{"keys":[],"spiffe_sequence":18446744073709551616}'],
    ['bundle-malformed', '{"keys":[],"spiffe_sequence":-9007199254740993}'],
    ['bundle-malformed', '{"keys":[],"spiffe_sequence":"9"}'],
    ['bundle-malformed', '{"keys":[],"spiffe_sequence":9.5}'],
    ['bundle-malformed', '{"keys":[],"spiffe_refresh_hint":9007199254740993}'],
  ] as const) {
    refuses(code, () => learn(partner, toUtf8(text), after(1)), text);
  }
  const { keys } = bundleOf([ROOT]);
  const strange = [{ kty: 'XYZ', use: 'x509-svid' }, { kty: 'EC', use: 'wit-svid' }, { kty: 'EC' }];
  const mixed = bytesOf({ keys: [...strange, ...(keys as []), {}], spiffe_sequence: 9 });
  assert.is(learn(partner, mixed, after(1)).held?.bundle.x509Authorities.length, 1);
});

partners('reads back as it was stored, in the same boot', () => {
  const partner = learned();
  const record = encodePartner(partner, { bootId: BOOT, aheadMs: MINUTE_MS });
  const read = decodePartner(record, BOOT);
  assert.equal(encodePartner(read, { bootId: BOOT, aheadMs: MINUTE_MS }), record);
  assert.equal(
    standingOf(read, LIMITS, after(HOUR_MS)),
    standingOf(partner, LIMITS, after(HOUR_MS)),
  );
  const web = newPartner({ ...TERMS, profile: { kind: 'https_web' } }, null);
  const stored = encodePartner(web, { bootId: BOOT, aheadMs: 0 });
  assert.equal(decodePartner(stored, BOOT), web);
});

partners('counts sequences up to 2^64, and tells neighbours beyond 2^53 apart', () => {
  const numberedBy = (sequence: string) =>
    toUtf8(JSON.stringify(bundleOf([ROOT])).replace('{', `{"spiffe_sequence":${sequence},`));
  const partner = learned(numberedBy('9007199254740993'));
  assert.is(partner.mark?.sequence, 9_007_199_254_740_993n);
  refuses('sequence-rolled-back', () => learn(partner, numberedBy('9007199254740992'), after(1)));
  const last = learn(partner, numberedBy('18446744073709551615'), after(1));
  const record = encodePartner(last, { bootId: BOOT, aheadMs: 0 });
  assert.is(decodePartner(record, BOOT).mark?.sequence, 2n ** 64n - 1n);
});

partners('is no younger after a reboot, even by a wall clock that was set back', () => {
  const record = encodePartner(learned(), { bootId: BOOT, aheadMs: HOUR_MS });
  const now = { wall: unixMs(NOW - 24 * HOUR_MS), boot: bootMs(0) };
  const { ageMs } = standingOf(decodePartner(record, 'boot-2'), LIMITS, now);
  assert.is(ageMs, HOUR_MS);
});

partners('in a record that somebody changed is refused', () => {
  const record = new TextDecoder().decode(encodePartner(learned(), { bootId: BOOT, aheadMs: 0 }));
  for (const broken of [
    '{}',
    record.replace('https_spiffe', 'https_other'),
    record.replace('"url":"https:', '"url":"http:'),
    record.replace('"sequence":"5"', '"sequence":5'),
    record.slice(1),
  ]) {
    refuses('state-corrupt', () => decodePartner(toUtf8(broken), BOOT), broken);
  }
});

partners.run();
