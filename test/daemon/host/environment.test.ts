/** Where things live, by user and by variable. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { environmentOf } from '../../../daemon/host/environment.ts';

const environment = suite('daemon/host/environment');

environment('gives root the system folders, whatever XDG says', () => {
  assert.equal(environmentOf({ XDG_STATE_HOME: '/elsewhere' }, 0, '/root').paths, {
    config: '/etc/holdfast/config.toml',
    state: '/var/lib/holdfast',
    controlSocket: '/run/holdfast/control.sock',
    workloadSocket: '/run/holdfast/workload.sock',
  });
});

environment('gives a user the XDG folders', () => {
  const variables = {
    XDG_RUNTIME_DIR: '/run/user/7',
    XDG_STATE_HOME: '/s',
    XDG_CONFIG_HOME: '/c',
  };
  assert.equal(environmentOf(variables, 7, '/home/u').paths, {
    config: '/c/holdfast/config.toml',
    state: '/s/holdfast',
    controlSocket: '/run/user/7/holdfast/control.sock',
    workloadSocket: '/run/user/7/holdfast/workload.sock',
  });
});

environment('puts sockets into the state folder where no runtime folder is given', () => {
  const { paths } = environmentOf({}, 7, '/home/u');
  assert.is(paths.state, '/home/u/.local/state/holdfast');
  assert.is(paths.controlSocket, '/home/u/.local/state/holdfast/control.sock');
  assert.is(paths.config, '/home/u/.config/holdfast/config.toml');
});

environment('ignores a relative XDG folder', () => {
  const { paths } = environmentOf({ XDG_STATE_HOME: 'state' }, 7, '/home/u');
  assert.is(paths.state, '/home/u/.local/state/holdfast');
});

environment('takes sockets and colour from their variables, and an empty one as unset', () => {
  const set = environmentOf(
    { HOLDFAST_CONTROL_SOCKET: '/c', SPIFFE_ENDPOINT_SOCKET: 'unix:///w', NO_COLOR: '1' },
    7,
    '/h',
  );
  assert.is(set.controlSocket, '/c');
  assert.is(set.endpointSocket, 'unix:///w');
  assert.not(set.color);
  const empty = environmentOf({ HOLDFAST_CONTROL_SOCKET: '', NO_COLOR: '' }, 7, '/h');
  assert.is(empty.controlSocket, undefined);
  assert.ok(empty.color);
});

environment.run();
