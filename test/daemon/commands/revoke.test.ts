/** `holdfast revoke`: what it says before it acts, what has to be typed, what it asks. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RevokeParams } from '../../../daemon/control/views.ts';
import { REVOCATION } from '../../fakes/fake-daemon.ts';
import { holdfastWithDaemon } from './rig.ts';

const revoke = suite('daemon/commands/revoke');

/** Runs the command with a person at the terminal who types `typed`. */
async function typing(typed: string, args: readonly string[]) {
  const asked: RevokeParams[] = [];
  const instead = {
    revoke: async (params: RevokeParams) => {
      asked.push(params);
      return { revoked: [REVOCATION] };
    },
  };
  const { code, err } = await holdfastWithDaemon(['revoke', ...args], instead, typed);
  return { code, err, asked };
}

revoke('says what will happen, and goes on only once revoke is typed', async () => {
  const id = 'spiffe://home.example/web';
  const yes = await typing('revoke', ['identity', id, '--reason', 'lost']);
  assert.is(yes.code, 0);
  assert.match(yes.err, /identity "spiffe:.* cannot be taken back/);
  assert.equal(yes.asked, [{ kind: 'identity', target: id, reason: 'lost' }]);
  for (const typed of ['', 'yes', 'Revoke']) {
    const no = await typing(typed, ['identity', id]);
    assert.is(no.code, 1);
    assert.equal(no.asked, []);
  }
});

revoke('asks nothing after --yes, and does nothing without it where nobody sits', async () => {
  assert.is((await holdfastWithDaemon(['revoke', 'node', '4a', '--yes'])).code, 0);
  assert.is((await holdfastWithDaemon(['revoke', 'node', '4a'])).code, 2);
});

revoke('lists what is revoked, and says when nothing is', async () => {
  const { out } = await holdfastWithDaemon(['revoke', 'list']);
  assert.match(out, /^home\.example +svid +4a4a/m);
  const none = { 'revoke.list': async () => ({ revocations: [] }) };
  assert.is((await holdfastWithDaemon(['revoke', 'list'], none)).out, 'nothing is revoked\n');
});

revoke.run();
