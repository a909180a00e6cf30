/** `holdfast authority` against a fake daemon: what it asks, what it prints, how it exits. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AUTHORITY } from '../../fakes/fake-daemon.ts';
import { holdfastWithDaemon } from './rig.ts';

const authority = suite('daemon/commands/authority');

authority('shows each authority with its state and its end', async () => {
  const old = { ...AUTHORITY, id: '56', state: 'old', tainted: true } as const;
  const { code, out } = await holdfastWithDaemon(['authority', 'show'], {
    'authority.show': async () => ({ authorities: [AUTHORITY, old] }),
  });
  assert.is(code, 0);
  assert.match(out, /^(?:34){20} +x509 +ec-p256 +active +2027-01-01/m);
  assert.match(out, /^56 +x509 +ec-p256 +old, tainted +2027-01-01/m);
  const json = await holdfastWithDaemon(['authority', 'show', '--json']);
  assert.equal(JSON.parse(json.out), { authorities: [AUTHORITY] });
});

authority('prepares one for certificates unless told otherwise', async () => {
  const asked: unknown[] = [];
  const methods = {
    'authority.prepare': async (line: unknown) => {
      asked.push(line);
      return AUTHORITY;
    },
  };
  const { out } = await holdfastWithDaemon(['authority', 'prepare'], methods);
  assert.match(out, /^prepared +3434/m);
  const other = ['authority', 'prepare', '--use', 'jwt', '--key-type', 'ml-dsa-65'];
  await holdfastWithDaemon(other, methods);
  assert.equal(asked, [
    { use: 'x509', keyType: 'ec-p256' },
    { use: 'jwt', keyType: 'ml-dsa-65' },
  ]);
});

authority('activates, taints and revokes the one that is named', async () => {
  for (const [action, word] of [
    ['activate', 'activated'],
    ['taint', 'tainted'],
    ['revoke', 'revoked'],
  ]) {
    const { code, out } = await holdfastWithDaemon(['authority', action ?? '', 'abcd']);
    assert.is(code, 0);
    assert.match(out, new RegExp(`^${word} +abcd$`, 'm'));
  }
});

authority('says what it takes', async () => {
  const wrong = [['prepare', '--use', 'x'], ['prepare', '--key-type', 'rsa'], ['taint'], ['undo']];
  for (const args of wrong) {
    assert.is((await holdfastWithDaemon(['authority', ...args])).code, 2, args.join(' '));
  }
});

authority.run();
