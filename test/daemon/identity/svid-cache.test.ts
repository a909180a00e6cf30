/** SVIDs that take their time to be made, and many that are due together. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../../core/failure.ts';
import { SVID_RETRY_MS, SVIDS_IN_MAKING_MAX, SVIDS_PER_BATCH_MAX } from '../../../core/limits.ts';
import { Refusal } from '../../../core/refusal.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../core/time.ts';
import { authoritySource } from '../../../daemon/identity/authority-source.ts';
import { IdentityDirectory } from '../../../daemon/identity/directory.ts';
import type { Entry } from '../../../daemon/identity/entry.ts';
import type { IdentitySource } from '../../../daemon/identity/identity-source.ts';
import { parseSelector } from '../../../daemon/identity/selector.ts';
import { SvidCache } from '../../../daemon/identity/svid-cache.ts';
import type { X509Svid } from '../../../daemon/identity/x509-svid.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { refused } from '../refused.ts';
import { HOME, testTrust } from './trust.ts';

const cache = suite('daemon/identity/svid-cache');

const CALLER = [parseSelector('unix:uid:1000')];

/** A source whose every SVID waits until the test lets it be made. */
function slow() {
  const clock = new FakeClock();
  const trust = testTrust(clock.now().wall);
  const waiting: ((trouble?: Refusal | Failure) => void)[] = [];
  const quick = authoritySource(trust.signers, trust.random);
  const source: IdentitySource = {
    ...quick,
    svid: (entry, order) =>
      new Promise((resolve, reject) => {
        waiting.push((trouble) => {
          if (trouble instanceof Failure) reject(trouble);
          else resolve(trouble ?? quick.svid(entry, order));
        });
      }),
  };
  const open = (entries: readonly Entry[]) =>
    new IdentityDirectory({ clock, random: trust.random, source, view: trust.view(entries) });
  return { clock, trust, waiting, open };
}

async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

cache('has one SVID made for all who ask meanwhile', async () => {
  const { trust, waiting, open } = slow();
  const directory = open([trust.entry('web')]);
  const both = [directory.identitiesOf(CALLER), directory.identitiesOf(CALLER)];
  await settled();
  assert.is(waiting.length, 1);
  waiting[0]?.();
  const [first, second] = await Promise.all(both);
  assert.is(first?.identities[0]?.svid, second?.identities[0]?.svid);
  directory.close();
});

cache('serves what it has while the next one is made', async () => {
  const { clock, trust, waiting, open } = slow();
  const directory = open([trust.entry('web')]);
  const asked = directory.identitiesOf(CALLER);
  await settled();
  waiting.shift()?.();
  const first = (await asked).identities[0]?.svid;
  clock.advance(40 * MINUTE_MS);
  await settled();
  assert.is(waiting.length, 1);
  assert.is((await directory.identitiesOf(CALLER)).identities[0]?.svid, first);
  waiting.shift()?.();
  await settled();
  const second = (await directory.identitiesOf(CALLER)).identities[0]?.svid;
  assert.is.not(second?.serial, first?.serial);
  directory.close();
});

cache('gives nothing of an entry that was deleted while its SVID was made', async () => {
  const { trust, waiting, open } = slow();
  const directory = open([trust.entry('web')]);
  const asked = refused(() => directory.identitiesOf(CALLER), 'workload-no-identity');
  await settled();
  directory.update(trust.view([]));
  waiting[0]?.();
  await asked;
  directory.close();
});

cache('says that the signer failed, and tries a renewal again after a while', async () => {
  const { clock, trust, waiting, open } = slow();
  const directory = open([trust.entry('web')]);
  const failed = refused(() => directory.identitiesOf(CALLER), 'signer-failed');
  await settled();
  waiting.shift()?.(new Failure('tpm-unreachable', 'gone'));
  await failed;
  const asked = directory.identitiesOf(CALLER);
  await settled();
  waiting.shift()?.();
  const first = (await asked).identities[0]?.svid;
  while (waiting.length === 0) clock.advance(SECOND_MS);
  waiting.shift()?.(new Refusal('signer-failed'));
  await settled();
  assert.is((await directory.identitiesOf(CALLER)).identities[0]?.svid, first);
  assert.is(waiting.length, 0);
  clock.advance(SVID_RETRY_MS);
  assert.is(waiting.length, 1);
  directory.close();
});

cache('keeps renewals from crowding out who asks for the first time', async () => {
  const { clock, trust, waiting, open } = slow();
  const entries = Array.from({ length: 20 }, (_, i) => trust.entry(`w${i}`));
  const directory = open(entries);
  const asked = directory.identitiesOf(CALLER);
  await settled();
  for (const make of waiting.splice(0)) make();
  await asked;
  clock.advance(40 * MINUTE_MS);
  assert.is(waiting.length, SVIDS_IN_MAKING_MAX);
  directory.close();
});

cache('renews ten thousand that were tainted in batches, and tells once all are done', async () => {
  const clock = new FakeClock();
  const trust = testTrust(clock.now().wall);
  const quick = authoritySource(trust.signers, trust.random);
  let made = 0;
  // What costs is the signature, so this test leaves it away.
  const copied: IdentitySource = {
    ...quick,
    svid: (entry, order): X509Svid => {
      made += 1;
      const { spiffeId, notAfter, now: notBefore } = order;
      const authorityId = trust.signers.tainted.size === 0 ? trust.authority.id : 'next';
      const serial = `${entry.id}${made}`;
      const privateKeyPkcs8 = new Uint8Array(0);
      return {
        ...{ spiffeId, notAfter, notBefore, serial, authorityId, privateKeyPkcs8 },
        certificatesDer: [],
      };
    },
    isTainted: (id) => trust.signers.tainted.has(id),
  };
  const entries = Array.from({ length: 10_000 }, (_, i) =>
    trust.entry(`w${i}`, { selectors: [i < 100 ? 'unix:uid:1000' : 'unix:uid:1'] }),
  );
  const view = trust.view(entries);
  const directory = new IdentityDirectory({ clock, random: trust.random, source: copied, view });
  await directory.identitiesOf(CALLER);
  await directory.identitiesOf([parseSelector('unix:uid:1')]);
  assert.is(made, 10_000);
  const told: number[] = [];
  directory.follow(() => told.push(made));
  trust.signers.tainted.add(trust.authority.id);
  directory.update(view);
  assert.is(made, 10_000 + SVIDS_PER_BATCH_MAX);
  clock.advance(0);
  assert.is(made, 20_000);
  assert.equal(told, [10_000 + SVIDS_PER_BATCH_MAX, 20_000]);
  directory.close();
});

cache('renews what the source says it can renew, where a first issue may not be', async () => {
  const clock = new FakeClock();
  const trust = testTrust(clock.now().wall);
  const { wall } = clock.now();
  const tooOld = new Refusal('tier-insufficient');
  const permission = { ...trust.view([]), issueUntil: tooOld };
  const entry = trust.entry('web');
  const demand = (isRenewal: boolean) => {
    const source = authoritySource(trust.signers, trust.random, () => isRenewal);
    const options = { source, random: trust.random, onRenewed: () => undefined };
    return new SvidCache(options).demand(entry, permission, wall);
  };
  assert.is(demand(false), tooOld);
  const svid = demand(true);
  assert.ok(!(svid instanceof Refusal || svid instanceof Promise));
  assert.is(svid instanceof Refusal || svid instanceof Promise ? 0 : svid.notAfter, wall + HOUR_MS);
  assert.is(trust.authority.domain, HOME);
});

cache.run();
