/** A bug ends the process even where a library would make an answer of it; an event does not. */

import { once } from 'node:events';
import { StreamAbortEvent, StreamCloseEvent } from '@libp2p/interface';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bug } from '../../../core/assert.ts';
import { Refusal } from '../../../core/refusal.ts';
import { errorOf, escapeIfBug } from '../../../daemon/network/thrown.ts';
import { encrypterOf, openDoor, shake } from './handshake-rig.ts';

const bugs = suite('daemon/network/thrown');

bugs('lets a bug out and nothing else', async () => {
  const bug = new Bug('planted');
  const escaped = once(process, 'uncaughtException');
  escapeIfBug(new Refusal('peer-unadmitted'));
  escapeIfBug('a string');
  escapeIfBug(bug);
  assert.is((await escaped)[0], bug);
});

bugs('makes an error of the event with which a stream that closes rejects', () => {
  const cause = new Error('cut');
  assert.is(errorOf(cause), cause);
  assert.is(errorOf(new StreamAbortEvent(cause)), cause);
  assert.instance(errorOf(new StreamCloseEvent()), Error);
  assert.throws(
    () => errorOf('a string'),
    (thrown: unknown) => thrown === 'a string',
  );
});

bugs('lets a bug of the admission out of libp2p’s hands', async () => {
  const bug = new Bug('planted');
  const admit = () => {
    throw bug;
  };
  const b = await encrypterOf('b', { admitter: { ...openDoor, admit } });
  const escaped = once(process, 'uncaughtException');
  const { responder } = await shake({ initiator: await encrypterOf('a'), responder: b });
  assert.is((await escaped)[0], bug);
  assert.is(responder.status, 'rejected');
});

bugs.run();
