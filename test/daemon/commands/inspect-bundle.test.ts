/** `holdfast bundle inspect`: a file is looked at before anybody believes it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import { inspectBundle } from '../../../daemon/commands/inspect-bundle.ts';
import { Coalition } from '../../fakes/coalition.ts';
import { refuses } from '../../refused.ts';

const inspect = suite('daemon/commands/inspect-bundle');

function fileOf(name: string) {
  const world = new Coalition();
  const machine = world.add({ name });
  world.advance(2_000);
  return { machine, text: machine.node.exportBundle(machine.domain) };
}

inspect('shows what two people compare', () => {
  const { machine, text } = fileOf('blue');
  const facts = inspectBundle(toUtf8(text), machine.now);
  assert.is(facts.domain, 'blue.example');
  assert.is(facts.fingerprint, machine.view().firstRoot);
  assert.is(facts.rootThreshold, '1 of 1');
  assert.is(facts.epoch, '1');
  assert.equal(facts.documents, ['bundle 1']);
});

inspect('refuses a file whose documents are of two domains', () => {
  const { machine, text } = fileOf('blue');
  const [root = ''] = fileOf('red').text.split('-----BEGIN HOLDFAST BEACON-----');
  const mixed = root + text.slice(text.indexOf('-----BEGIN HOLDFAST BEACON-----'));
  refuses('domain-mismatch', () => inspectBundle(toUtf8(mixed), machine.now));
});

inspect('refuses a file without its Root', () => {
  const { machine, text } = fileOf('blue');
  const rest = text.slice(text.indexOf('-----BEGIN HOLDFAST BEACON-----'));
  refuses('root-unknown', () => inspectBundle(toUtf8(rest), machine.now));
});

inspect.run();
