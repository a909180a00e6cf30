/** A member that takes a grant: what a crash in the middle of it leaves, and what follows. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { digestOf } from '../../../core/digest.ts';
import { AlarmBook } from '../../../daemon/alarm-book.ts';
import { openAuditLog } from '../../../daemon/audit/audit-log.ts';
import { Driver } from '../../../daemon/driver.ts';
import { Applicant } from '../../../daemon/enrolment/applicant.ts';
import { emptyIssuing, type MemberIssuing } from '../../../daemon/enrolment/issuing-port.ts';
import { RefusalAudit } from '../../../daemon/refusal-audit.ts';
import { RECORDS } from '../../../daemon/store/key-space.ts';
import { FederationNode } from '../../../federation/node.ts';
import { SUITE, signerOf } from '../../fakes/coalition.ts';
import { FakeNetwork } from '../../fakes/fake-network.ts';
import { MemoryLog } from '../../fakes/memory-log.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { NO_DICE, SeededRandom } from '../../fakes/seeded-random.ts';
import { temporaryFolder } from '../../folder.ts';
import { DOMAIN } from '../driver-rig.ts';
import { type DeskRig, withDesk } from './desk-rig.ts';

const applicants = suite('daemon/enrolment/applicant');

const BOX = signerOf('box');
const WISH = { group: 'gate', kind: 'slices' } as const;

/** A member over what lies in `store`, as a start makes it. */
async function start({ clock }: DeskRig, store: MemoryStore, install: MemberIssuing['install']) {
  const folder = await temporaryFolder();
  const records = await store.load();
  const node = new FederationNode({
    ...{ own: DOMAIN, suite: SUITE, records, bootId: clock.bootId, now: clock.now() },
    ...{ continuity: 'software', limits: null, node: BOX, authority: null, dice: NO_DICE },
  });
  const audit = await openAuditLog({ path: folder.file('audit.jsonl'), clock });
  const [network, log] = [new FakeNetwork(), new MemoryLog()];
  const refusals = new RefusalAudit(audit, clock);
  const alarms = new AlarmBook({ store, records, audit, clock, log });
  const random = new SeededRandom('applicant');
  const driver = new Driver({
    ...{ node, clock, random, store, audit, refusals, alarms, network, log },
  });
  const applicant = new Applicant({
    ...{ node, signer: BOX, driver, clock, random, store, records, audit, chip: null },
    issuing: { ...emptyIssuing, install },
  });
  return {
    ...{ node, applicant },
    [Symbol.asyncDispose]: async () => {
      await driver.close();
      await audit.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const CRASH = new Error('the process was killed');
const crash = async (): Promise<never> => {
  throw CRASH;
};

applicants('take up a grant that a crash cut in two', async () => {
  await withDesk(async (rig, desk) => {
    const store = new MemoryStore();
    const installed: string[] = [];
    {
      await using member = await start(rig, store, crash);
      const challenge = await desk.challenge(await member.applicant.request(WISH), 'courier');
      await desk.approve(BOX.keyId, { forgetMarks: false });
      const [own] = rig.node.view(rig.clock.now());
      assert.ok(own);
      const answer = await member.applicant.answer(challenge, own.firstRoot);
      const grant = await desk.grant(answer);
      const error = await member.applicant.install(grant).catch((thrown: unknown) => thrown);
      assert.is(error, CRASH);
    }
    const left = await store.load();
    assert.ok(left.has(RECORDS.grant));
    assert.ok([...left.keys()].some((key) => key.endsWith('/lease')));
    await using again = await start(rig, store, async (lease, bytes) => {
      installed.push(`${lease.node} ${digestOf(bytes)}`);
    });
    await again.applicant.resume();
    assert.is(installed.length, 1);
    assert.is(again.applicant.progress, null);
    assert.is(again.node.lease(rig.clock.now()).group, 'gate');
    const after = await store.load();
    assert.equal([after.has(RECORDS.grant), after.has(RECORDS.enrolment)], [false, false]);
  });
});

applicants('leave a grant aside that is none any more', async () => {
  await withDesk(async (rig, desk) => {
    const store = new MemoryStore();
    await store.write([{ key: RECORDS.grant, value: Uint8Array.of(1) }]);
    await using member = await start(rig, store, crash);
    await member.applicant.resume();
    assert.not.ok((await store.load()).has(RECORDS.grant));
    assert.equal(desk.applications, []);
  });
});

applicants.run();
