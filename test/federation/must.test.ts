/** A restriction that an old reader does not know is no reason to read less strictly. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Members } from '../../federation/members.ts';
import { checkMust } from '../../federation/must.ts';
import { refuses } from '../refused.ts';
import { settled } from './climber.ts';
import { forgeBeacon, forgeBundle, forgeManifest, forgeRoot, pinOf } from './forge.ts';

const must = suite('federation/must');

const KNOWN = new Set(['a', 'b', 'must']);
const check = (list: ConstructorParameters<typeof Members>[0]): void =>
  checkMust(new Members({ must: list ?? null }, 'test'), KNOWN);

must('admits a document that demands nothing, or what is known', () => {
  checkMust(new Members({ novelty: 1 }, 'test'), KNOWN);
  check([]);
  check(['a', 'b']);
});

must('refuses a document that demands more than this reader knows', () => {
  refuses('document-must', () => check(['a', 'novelty']));
});

must('refuses a list that is none, or too long', () => {
  refuses('document-malformed', () => check('a'));
  refuses('document-malformed', () => check([1]));
  check(Array.from({ length: 32 }, () => 'a'));
  refuses('document-malformed', () => check(Array.from({ length: 33 }, () => 'a')));
});

must('holds for Root, beacon, manifest and contents, and the last ones stay in use', () => {
  const members = { must: ['novelty'], novelty: true };
  const node = settled();
  assert.is(node.give(forgeRoot({ version: 2, members })), 'document-must');
  assert.is(node.give(forgeBeacon({ epoch: 2, members }).bytes), 'document-must');
  assert.is(node.give(forgeBundle(2, members)), 'document-must');
  const manifest = forgeManifest(2, { bundle: pinOf(forgeBundle(2)) }, { members });
  node.take(forgeBeacon({ epoch: 2, manifest }).bytes);
  assert.is(node.give(manifest), 'document-must');
  assert.is(node.belief.documents.size, 2);
});

must.run();
