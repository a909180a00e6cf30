/**
 * Timeout: 480 s
 *
 * References that arrive at a node, however they came: its chip counts up to what they withdraw,
 * its keys move to an approver that approves its boot, and to no other.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, toUtf8 } from '../../../core/bytes.ts';
import type { JsonObject } from '../../../core/canonical.ts';
import { sha256 } from '../../../core/digest.ts';
import { openAuditLog } from '../../../daemon/audit/audit-log.ts';
import { readApprovalCounter } from '../../../daemon/custody/approval-counter.ts';
import {
  type ApprovedBoots,
  approvedBootsText,
  encodeApprovedBoots,
} from '../../../daemon/custody/approved-boots.ts';
import { type Approver, drawApprover, openApprover } from '../../../daemon/custody/approver.ts';
import { Chip } from '../../../daemon/custody/chip.ts';
import { ChipCustody } from '../../../daemon/custody/chip-custody.ts';
import { openClock } from '../../../daemon/host/clock.ts';
import { hostRandom } from '../../../daemon/host/random.ts';
import { ReferenceFollower } from '../../../daemon/member/reference-follower.ts';
import { findLogs } from '../../../daemon/tpm/measurement-logs.ts';
import { Members } from '../../../federation/members.ts';
import type { DomainView } from '../../../federation/view.ts';
import { MemoryLog } from '../../fakes/memory-log.ts';
import { temporaryFolder } from '../../folder.ts';
import { onSwtpm, type Swtpm } from '../../swtpm.ts';

const follower = suite('daemon/member/reference-follower');
const test = onSwtpm(follower, 'daemon/member/reference-follower');

/** The own domain, as far as a follower looks at it. */
function viewOf(body: JsonObject): DomainView {
  const members = new Members(body, 'references');
  const digest = toHex(sha256(toUtf8(JSON.stringify(body))));
  const document = { version: 1n, digest, tier: 'FRESH', members };
  return { documents: new Map([['references', document]]) } as unknown as DomainView;
}

/** What a domain signs: this node's boot among others, or another's alone. */
function signed(
  approver: Approver,
  { boots, states }: ApprovedBoots,
  generation: bigint,
): ApprovedBoots {
  const approvals = boots.approvals.map((each) => approver.approve({ ...each, generation }));
  return { states, boots: { approver: approver.point, generation, approvals } };
}

/** A node with keys in the chip, and what follows for it. */
async function withNode(
  chip: Swtpm,
  body: (keys: ChipCustody, follow: (document: JsonObject) => Promise<MemoryLog>) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const address = { kind: 'swtpm', socket: { kind: 'unix', path: chip.socketPath } } as const;
  const clock = openClock();
  await using device = new Chip(address, clock);
  const logs = findLogs({ event: undefined, userspace: undefined, ima: undefined }, address);
  const options = { folder: folder.file('keys'), chip: device, random: hostRandom, logs };
  const keys = await ChipCustody.open(options);
  const audit = await openAuditLog({ path: folder.file('audit'), clock });
  const log = new MemoryLog();
  const following = new ReferenceFollower(keys, audit, log);
  try {
    await body(keys, async (document) => {
      await following.follow(viewOf(document));
      return log;
    });
  } finally {
    await audit.close();
  }
}

async function counterOf(chip: Swtpm): Promise<bigint> {
  await using tpm = await chip.open();
  return (await readApprovalCounter(tpm)).value;
}

test('has the chip count up to what a document withdraws, once', async (chip) => {
  let generation = 0n;
  await withNode(chip, async (keys, follow) => {
    const approver = openApprover(await keys.keys.load('approver'));
    generation = keys.approved.boots.generation + 2n;
    const newer = signed(approver, keys.approved, generation);
    await follow(encodeApprovedBoots(newer));
    assert.is(approvedBootsText(keys.approved), approvedBootsText(newer));
    const older = signed(approver, keys.approved, generation - 1n);
    await follow(encodeApprovedBoots(older));
    assert.is(keys.approved.boots.generation, generation);
  });
  assert.is(await counterOf(chip), generation);
});

test('moves to the approver of its domain, and away from its own', async (chip) => {
  await withNode(chip, async (keys, follow) => {
    const domain = openApprover(drawApprover());
    const { generation } = keys.approved.boots;
    await follow(encodeApprovedBoots(signed(domain, keys.approved, generation)));
    assert.equal(keys.approved.boots.approver, domain.point);
    assert.not(await keys.keys.has('approver'));
  });
});

test('passes over what does not approve this boot, or is none', async (chip) => {
  await withNode(chip, async (keys, follow) => {
    const before = approvedBootsText(keys.approved);
    const domain = openApprover(drawApprover());
    const elsewhere = {
      states: [],
      boots: { ...keys.approved.boots, approver: domain.point, approvals: [] },
    };
    const log = await follow(encodeApprovedBoots(elsewhere));
    await follow({ states: [] });
    await follow({ states: [], approver: 1, generation: '1', approvals: [] });
    assert.is(approvedBootsText(keys.approved), before);
    const codes = log.events.map(({ fields }) => fields.code);
    assert.equal(codes, ['boot-unapproved', 'approvals-malformed']);
  });
});

follower.run();
