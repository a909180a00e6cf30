/** The table of roles, and what an act says of whoever asked for it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Caller,
  checkRole,
  isAtLeast,
  LEAST_ROLES,
  personOf,
  whose,
} from '../../../daemon/control/caller.ts';
import { METHODS } from '../../../daemon/control/params.ts';
import { isShared, RoleBook } from '../../../daemon/control/role-book.ts';
import { ROLES } from '../../../daemon/control/views.ts';
import { refuses } from '../../refused.ts';

const roles = suite('daemon/control/caller');

const ANN: Caller = { name: 'ann', uid: 1_001, pid: 7, role: 'operator', from: 'socket' };
const NOBODY = {
  ...{ observers: [], auditors: [], operators: [], admins: [], secondPerson: false },
};
const PEER = { pid: 7, uid: 1_001, user: 'ann', isOwner: false };

roles('every method has one, and there is none for another', () => {
  assert.equal(Object.keys(LEAST_ROLES).sort(), [...METHODS].sort());
  for (const role of Object.values(LEAST_ROLES)) assert.ok(ROLES.includes(role));
});

roles('permit what those before them do, and nothing of those behind', () => {
  for (const [at, role] of ROLES.entries()) {
    for (const method of METHODS) {
      const isEnough = at >= ROLES.indexOf(LEAST_ROLES[method]);
      if (isEnough) checkRole({ ...ANN, role }, method);
      else refuses('role-insufficient', () => checkRole({ ...ANN, role }, method));
    }
  }
  assert.ok(isAtLeast('auditor', 'observer'));
  assert.not(isAtLeast('auditor', 'operator'));
});

roles('an observer looks, an auditor reads who did what, and neither changes anything', () => {
  const of = (role: string) => METHODS.filter((method) => LEAST_ROLES[method] === role);
  const isReading =
    /^(?:status|whoami|subscribe)$|\.(?:list|show|export|tail|verify|history|file|proposals)$/;
  for (const method of [...of('observer'), ...of('auditor')]) assert.match(method, isReading);
});

roles('are written down with who it was and from where, at each act', () => {
  assert.equal(whose(ANN), {
    ...{ who: 'ann', role: 'operator', from: 'socket', uid: 1_001, pid: 7 },
  });
  const far = { ...ANN, name: 'spiffe://blue.example/ops', uid: null, pid: null };
  assert.equal(whose({ ...far, from: '192.0.2.7' }), {
    ...{ who: 'spiffe://blue.example/ops', role: 'operator', from: '192.0.2.7' },
  });
  assert.is(personOf(ANN), 'uid 1001');
  assert.is(personOf(far), 'spiffe://blue.example/ops');
});

roles('are the highest of all that user and groups are named for', () => {
  const book = new RoleBook({ ...NOBODY, observers: ['user:ann'], auditors: ['group:audit'] });
  const spellings = ['uid:1001', 'user:ann', 'gid:30', 'group:audit'];
  assert.is(book.roleOf({ ...PEER, spellings }), 'auditor');
  assert.is(book.roleOf({ ...PEER, spellings: ['user:ann'] }), 'observer');
  assert.is(book.roleOf({ ...PEER, spellings: ['user:anna', 'group:aud'] }), undefined);
  book.configure({ ...NOBODY, admins: ['gid:30'] });
  assert.is(book.roleOf({ ...PEER, spellings }), 'admin');
});

roles('nobody has one unless named, but the owner', () => {
  const book = new RoleBook(NOBODY);
  assert.is(book.roleOf({ ...PEER, spellings: ['uid:1001'] }), undefined);
  assert.is(book.roleOf({ ...PEER, isOwner: true, spellings: ['uid:0'] }), 'admin');
  assert.not(isShared(NOBODY));
  assert.ok(isShared({ ...NOBODY, observers: ['uid:1'] }));
});

roles.run();
