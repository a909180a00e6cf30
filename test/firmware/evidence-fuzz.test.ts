/**
 * Garbage and near-truths for every reader of evidence: each input is taken or refused by a code,
 * and none of them takes long. Seeded, so that a failure comes again under the number in its
 * message; HOLDFAST_FUZZ_TIMES multiplies the inputs.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, toUtf8 } from '../../core/bytes.ts';
import { parseJson } from '../../core/canonical.ts';
import { sha256 } from '../../core/digest.ts';
import {
  EVENT_LOG_BYTES_MAX,
  IMA_LOG_BYTES_MAX,
  LOG_EVENTS_MAX,
  USERSPACE_LOG_BYTES_MAX,
} from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { approvedBootsText, parseApprovedBootsText } from '../../daemon/custody/approved-boots.ts';
import { drawApprover, openApprover } from '../../daemon/custody/approver.ts';
import { decodeAttest } from '../../firmware/attest.ts';
import type { Challenge } from '../../firmware/attested.ts';
import { draftApprovals } from '../../firmware/boot-approvals.ts';
import { verifyBoot } from '../../firmware/boot-state.ts';
import { decodeCertificate } from '../../firmware/certificate.ts';
import { decodeEventLog } from '../../firmware/event-log.ts';
import { decodeEvidence, encodeEvidence } from '../../firmware/evidence.ts';
import { decodeImaLog, replayIma } from '../../firmware/ima.ts';
import { believePcrs } from '../../firmware/pcrs.ts';
import { draftState, encodeState, parseReferences } from '../../firmware/references.ts';
import { replayLogs } from '../../firmware/replay.ts';
import { secureBootOf } from '../../firmware/secure-boot.ts';
import { digestUki } from '../../firmware/uki-file.ts';
import { decodeUserspaceLog } from '../../firmware/userspace-log.ts';
import { bootOf, SoftChip } from '../fakes/soft-chip.ts';
import { skip } from '../skip.ts';
import { peOf } from './pe-file.ts';
import { SOUND_BOOT } from './sound-boot.ts';
import { hexOf, VECTORS_ABSENT, vector, vectorJson } from './vectors.ts';

const fuzz = suite('firmware/evidence-fuzz');

/** What takes less is looked at no further. */
const QUICK_MS = 5;
/** No reader takes longer than so many times what hashing the largest event log takes here. */
const COST_MAX = 40;
const TIMES = Number.parseInt(process.env.HOLDFAST_FUZZ_TIMES ?? '1', 10);

/** xorshift32: enough to choose what to break. */
function chooser(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff] as const;

/** A valid input with a few bytes changed, a piece cut out, or a piece repeated. */
function broken(valid: Uint8Array, choose: (below: number) => number): Uint8Array {
  const at = choose(valid.length + 1);
  const other = choose(valid.length + 1);
  switch (choose(5)) {
    case 0:
      return valid.subarray(0, at);
    case 1:
      return concat(valid.subarray(0, Math.min(at, other)), valid.subarray(Math.max(at, other)));
    case 2:
      return concat(valid.subarray(0, at), valid.subarray(Math.max(0, at - 40)));
    default: {
      const out = valid.slice();
      for (let i = choose(4); i >= 0; i--) {
        const edge = EDGES[choose(EDGES.length)] ?? 0;
        out[choose(out.length)] = choose(2) === 0 ? edge : choose(256);
      }
      return out;
    }
  }
}

/** Milliseconds of one attempt, which may end in a refusal and in nothing else. */
function timed(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): number {
  const started = performance.now();
  try {
    read(bytes);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  return performance.now() - started;
}

/** The largest event log, hashed event by event: what an honest one costs whoever reads it. */
function hashLog(): void {
  const event = new Uint8Array(EVENT_LOG_BYTES_MAX / LOG_EVENTS_MAX);
  for (let i = 0; i < LOG_EVENTS_MAX; i++) sha256(event);
}

/**
 * What the input costs, measured by that log, on a machine of any speed and whoever else uses it:
 * the least of a few attempts at either, in turns.
 */
function costOf(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): number {
  const spent: number[] = [];
  const hashed: number[] = [];
  for (let i = 0; i < 7; i++) {
    spent.push(timed(read, bytes));
    hashed.push(timed(hashLog, bytes));
  }
  return Math.min(...spent) / Math.min(...hashed);
}

interface Target {
  readonly name: string;
  readonly inputs: number;
  readonly valid: readonly Uint8Array[];
  read(bytes: Uint8Array): unknown;
}

function run({ name, inputs, valid, read }: Target): void {
  const choose = chooser(0x5eed);
  for (let i = 0; i < TIMES * inputs; i++) {
    const bytes = broken(valid[i % valid.length] ?? new Uint8Array(0), choose);
    try {
      if (timed(read, bytes) <= QUICK_MS) continue;
      assert.ok(costOf(read, bytes) <= COST_MAX, `input ${i} of ${name} is slow`);
    } catch (error) {
      throw new Error(`input ${i} of ${name}`, { cause: error });
    }
  }
}

const CHALLENGE: Challenge = { nonce: new Uint8Array(16), epoch: new Uint8Array(16) };
const PCRS = [0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 14];
const boot = bootOf('sha256', SOUND_BOOT);
const evidence = new SoftChip().evidence(boot, CHALLENGE);
const expected = {
  challenge: CHALLENGE,
  bank: 'sha256',
  required: PCRS,
  mustExplain: [],
  counterName: new Uint8Array(0),
} as const;
const believed = believePcrs(boot.pcrs, PCRS);
const state = draftState(verifyBoot(evidence, expected), 'sound', PCRS);
const approver = openApprover(drawApprover());
const boots = {
  approver: approver.point,
  generation: 1n,
  approvals: draftApprovals(state, 1n).map((draft) => approver.approve(draft)),
};
const phase = '{"pcr":11,"digests":[{"hashAlg":"sha1","digest":"00"}],"content":{"string":"x"}}';

/** Everything that is done with a log. */
function judgeLog(bytes: Uint8Array): void {
  const firmware = decodeEventLog(bytes);
  secureBootOf(replayLogs({ pcrs: believed, firmware, userspace: [], mustExplain: [] }));
}

const targets: readonly Target[] = [
  { name: 'statements', inputs: 40_000, valid: [evidence.quote.attest], read: decodeAttest },
  { name: 'event logs', inputs: 20_000, valid: [boot.eventLog], read: judgeLog },
  {
    name: 'userspace logs',
    inputs: 30_000,
    valid: [toUtf8(`\x1e${phase}\n\x1e{"nv_index":1}\n`)],
    read: decodeUserspaceLog,
  },
  {
    name: 'bundles',
    inputs: 10_000,
    valid: [encodeEvidence(evidence)],
    read: (bytes) => verifyBoot(decodeEvidence(bytes), expected),
  },
  {
    name: 'images',
    inputs: 10_000,
    valid: [
      peOf(
        { name: '.sdmagic', contents: toUtf8('#### LoaderInfo: systemd-stub 257.9 ####') },
        { name: '.linux', contents: toUtf8('the kernel') },
        { name: '.sbat', contents: toUtf8('sbat,1') },
      ),
    ],
    read: (bytes) => digestUki(bytes, 'sha256'),
  },
  {
    name: 'references',
    inputs: 10_000,
    valid: [toUtf8(JSON.stringify([encodeState(state)]))],
    read: (bytes) => parseReferences(parseJson(bytes)),
  },
  {
    name: 'approvals',
    inputs: 10_000,
    valid: [toUtf8(approvedBootsText({ boots, states: [state] }))],
    read: parseApprovedBootsText,
  },
];

for (const target of targets) {
  fuzz(`breaks nothing with ${target.inputs} broken ${target.name}`, () => run(target));
}

if (VECTORS_ABSENT !== null) {
  skip('firmware/evidence-fuzz › logs and certificates of real machines', VECTORS_ABSENT);
} else {
  const real = vectorJson('self-evidence-swtpm.json');
  const list = vector('qemu-ovmf-uki/ima_binary_runtime_measurements');
  const fromVectors: readonly Target[] = [
    {
      name: 'real event logs',
      inputs: 10_000,
      valid: ['qemu-ovmf-uki-secureboot/binary_bios_measurements', 'debian-10.bin'].map(vector),
      read: judgeLog,
    },
    {
      name: 'IMA lists',
      inputs: 40_000,
      valid: [list, concat(list, list)],
      read: (bytes) => replayIma(believed, decodeImaLog(bytes), 9),
    },
    {
      name: 'certificates',
      inputs: 30_000,
      valid: [hexOf(real.ekCertRsa), hexOf(real.ekCertEccP384)],
      read: decodeCertificate,
    },
  ];
  for (const target of fromVectors) {
    fuzz(`breaks nothing with ${target.inputs} broken ${target.name}`, () => run(target));
  }
}

/** `unit` repeated up to `size` bytes. */
function filled(unit: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size - (size % unit.length));
  for (let at = 0; at < out.length; at += unit.length) out.set(unit, at);
  return out;
}

const zerosAndOne = new Uint8Array(EVENT_LOG_BYTES_MAX);
zerosAndOne[zerosAndOne.length - 1] = 1;
/** Logged into PCR 5, which has quirks to try, and leading nowhere. */
const crowded = bootOf(
  'sha256',
  Array.from({ length: LOG_EVENTS_MAX - 1 }, () => ({
    pcr: 5,
    type: 5,
    bytes: new Uint8Array(EVENT_LOG_BYTES_MAX / LOG_EVENTS_MAX - 64),
  })),
);
const imaEntry = concat(
  Uint8Array.of(9, 0, 0, 0, 1),
  new Uint8Array(19),
  Uint8Array.of(1, 0, 0, 0, 0x78, 0xe0, 0, 0, 0),
  new Uint8Array(0xe0),
);

const heavy: readonly Omit<Target, 'inputs'>[] = [
  { name: 'a log of zeros that ends in a one', valid: [zerosAndOne], read: judgeLog },
  {
    name: 'a log of as many events as fit',
    valid: [crowded.eventLog],
    read: judgeLog,
  },
  {
    name: 'an IMA list of as many entries as fit',
    valid: [filled(imaEntry, IMA_LOG_BYTES_MAX)],
    read: decodeImaLog,
  },
  {
    name: 'a userspace log of separators',
    valid: [new Uint8Array(USERSPACE_LOG_BYTES_MAX).fill(0x1e)],
    read: decodeUserspaceLog,
  },
  {
    name: 'a userspace log of one long list',
    valid: [toUtf8(`\x1e[${'0,'.repeat(USERSPACE_LOG_BYTES_MAX / 2 - 4)}0]`)],
    read: decodeUserspaceLog,
  },
];

for (const { name, valid, read } of heavy) {
  fuzz(`spends little on ${name}`, () => {
    const [bytes = new Uint8Array(0)] = valid;
    const cost = costOf(read, bytes);
    assert.ok(cost <= COST_MAX, `${cost.toFixed(1)} times what hashing a log takes`);
  });
}

fuzz.run();
