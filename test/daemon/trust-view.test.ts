/** Which entries a node serves (§2.4), and what views remember from one to the next. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { spiffeId } from '../../core/spiffe-id.ts';
import { unixMs } from '../../core/time.ts';
import { createEntry, type EntryDraft } from '../../daemon/identity/entry.ts';
import { encodeEntries, groupDocument } from '../../daemon/identity/entry-group.ts';
import { revokedOf } from '../../daemon/revoked-view.ts';
import { trustViewOf } from '../../daemon/trust-view.ts';
import { NO_REVOCATIONS } from '../../federation/revocations.ts';
import { Coalition, INITIAL } from '../fakes/coalition.ts';

const views = suite('daemon/trust-view');

views('serve the entries of their own group, and of those with a parent their own', () => {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  world.advance(500);
  const node = (name: string) => spiffeId(blue.domain, `/holdfast/node/${name}`);
  const entry = (path: string, draft: Partial<EntryDraft> = {}) => {
    const named = { spiffeId: `spiffe://${blue.domain}${path}`, selectors: ['unix:uid:1'] };
    return createEntry({ ...named, ...draft }, blue.domain, unixMs(world.nowMs));
  };
  const all = [
    entry('/all'),
    entry('/mine', { parent: node('01') }),
    entry('/yours', { parent: node('02') }),
    entry('/elsewhere', { group: 'edge' }),
    entry('/mine-elsewhere', { group: 'edge', parent: node('01') }),
  ];
  const contents = ['default', 'edge'].map((group) => {
    const name = groupDocument(group);
    return { type: 'entries', name, body: encodeEntries(group, all) } as const;
  });
  blue.publish([...INITIAL.slice(0, 2), ...contents]);
  world.advance(2_000);
  const served = (group: string): readonly string[] => {
    const standing = { spiffeId: node('01'), group, assurance: 'software' } as const;
    const view = trustViewOf(blue.node.view(blue.now), blue.node.policy, () => new Map(), standing);
    return view.entries.map((one) => one.spiffeId.slice(`spiffe://${blue.domain}`.length)).sort();
  };
  assert.equal(served('default'), ['/all', '/mine']);
  assert.equal(served('edge'), ['/elsewhere', '/mine-elsewhere']);
  assert.equal(served('nowhere'), []);
});

views('remember what each domain revoked, though those that revoked nothing share that', () => {
  const world = new Coalition();
  const domains = ['blue', 'red'].map((name) => world.add({ name }));
  world.advance(500);
  for (const domain of domains) domain.publish(INITIAL);
  world.advance(2_000);
  const revoked = () =>
    domains.map(({ node, now }) => {
      const own = node.viewOf(node.domain, now);
      assert.ok(own?.documents.has('bundle'));
      return own === null ? null : revokedOf({ ...own, revocations: NO_REVOCATIONS });
    });
  const before = revoked();
  assert.ok(revoked().every((set, at) => set === before[at]));
});

views.run();
