/** What approving a boot would change, as a person reads it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { approvalChanges, stateFacts } from '../../../daemon/tpm/state-words.ts';
import { bootOf } from '../drafted-boots.ts';

const words = suite('daemon/tpm/state-words');

const FIRST = bootOf('first', '11');
const [OLD, NEW] = ['11'.repeat(32), '22'.repeat(32)];
const LOOSE = 'without Secure Boot or PCR 4 another loader could measure the same';

words('of the first boot say all of it', () => {
  assert.equal(approvalChanges([], [FIRST]), [
    '"first" is approved, the first boot of all',
    'bank: sha256',
    'Secure Boot: on or off',
    'chip firmware: at least 0x00000000',
    `PCR 4: ${OLD}`,
  ]);
});

words('of a boot more say what sets it apart from the nearest', () => {
  const far = { ...bootOf('far', '33'), secureBoot: 'required', bank: 'sha384' } as const;
  assert.equal(approvalChanges([far, FIRST], [bootOf('next', '22')]), [
    '"next" is approved, a boot more; it differs from "first" so:',
    `PCR 4: ${NEW} instead of ${OLD}`,
  ]);
});

words('of a name that is held say what changes in its place', () => {
  const next = { ...bootOf('first', '11'), pcrs: new Map(), firmwareVersionMin: 7n };
  assert.equal(approvalChanges([FIRST], [next]), [
    '"first" is approved, in the place of what it was:',
    'chip firmware: at least 0x00000007 instead of at least 0x00000000',
    `PCR 4: any value instead of ${OLD}`,
    LOOSE,
  ]);
  assert.equal(approvalChanges([FIRST], [FIRST]), ['"first" is approved already: nothing differs']);
  assert.equal(approvalChanges([FIRST], [{ ...FIRST, name: 'twin' }]), [
    '"twin" is approved as "first": nothing differs',
  ]);
});

words('of events count the digests that come and go', () => {
  const rule = (...digests: readonly string[]) => ({
    ...FIRST,
    events: [{ pcr: 4, allow: new Set(digests), require: new Set(digests.slice(0, 1)) }],
  });
  const [, line] = approvalChanges([rule(OLD, 'ab'.repeat(32))], [rule(NEW, 'ab'.repeat(32))]);
  assert.is(
    line,
    'events of PCR 4: 1 more allowed, 1 allowed no more, 1 more required, 1 required no more',
  );
  assert.is(approvalChanges([rule(OLD)], [FIRST])[1], 'events of PCR 4: of any digest');
  assert.is(approvalChanges([FIRST], [rule(OLD)])[1], 'events of PCR 4: 1 digests allowed alone');
  assert.equal(stateFacts(rule(OLD)).at(-1), ['events of PCR 4', '1 digest allowed, 1 required']);
});

words.run();
