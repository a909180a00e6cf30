/** Seeds and shrunk scenarios that once broke a sentence, each with what it had found. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runSeed } from '../../sim/run.ts';
import { PLAIN, resized, type Scenario } from '../../sim/scenario.ts';
import { scenarioNamed } from '../../sim/scenarios/table.ts';

const found = suite('sim/found');

const SWARM = scenarioNamed('swarm');

/** Faults that came after what is kept here: drawn too, they would make other runs of it. */
const LATER = [
  ...['stolen-root-key', 'naming-revokers', 'stolen-seeds', 'stolen-override-key'],
  ...['stolen-revocation-key', 'stolen-documents-key'],
];

/** A world, and what was wrong there. */
const SEEDS = [
  {
    world: resized(SWARM, { nodes: 12, minutes: null }),
    seed: 14,
    was: 'a bundle file was carried away while its beacon was owed to the disk',
  },
  {
    world: resized(SWARM, { nodes: 12, minutes: 12 }),
    seed: 30_099,
    was: 'a document that the old beacon pinned, and a partner had not read, was held to be new',
  },
  {
    world: resized(SWARM, { nodes: 12, minutes: 12 }),
    seed: 70_040,
    was: 'the alarm that nobody answers came due while a slow disk held up the step of a forgery',
  },
  {
    world: resized(SWARM, { nodes: 12, minutes: null }),
    seed: 1069,
    was: 'a node that did not know the time woke for the end of an override, for ever',
  },
  {
    world: resized(SWARM, { nodes: 6, minutes: null }),
    seed: 482,
    was: 'power ended within the first step after a pause',
  },
  {
    world: resized(SWARM, { nodes: 12, minutes: null }),
    seed: 102_239,
    was: 'a clock that caught up with what it had stood still for was held to leap',
  },
  {
    world: scenarioNamed('garrison'),
    seed: 48,
    was: 'a writer that a Root gave the word back was held to be the one taken over from',
  },
  {
    world: resized(scenarioNamed('garrison'), { nodes: 12, minutes: 20 }),
    seed: 80_083,
    was: 'a writer whose disk forgot that people had given the word away was to be silent',
  },
  {
    world: scenarioNamed('garrison'),
    seed: 170,
    was: 'a proof against a key made at a standby was judged by the first key of its domain',
  },
  {
    world: scenarioNamed('garrison'),
    seed: 336,
    was: 'a writer told the date over a slow link dated ahead, and only wall clocks were a cause',
  },
  {
    world: resized(SWARM, { nodes: 12, minutes: 12 }),
    seed: 30_218,
    was: 'a retired key spoke to whoever lacked what disowned the rank below it',
  },
  {
    world: resized(SWARM, { nodes: 12, minutes: 12 }),
    seed: 30_258,
    was: 'a domain was to be FRESH whose pinned revocations went with older disks',
  },
  {
    world: resized(SWARM, { nodes: 12, minutes: 12 }),
    seed: 31_123,
    was: 'nobody named another beacon key where none was left',
  },
  {
    world: resized(SWARM, { nodes: 12, minutes: null }),
    seed: 22_059,
    was: 'a machine put back was asked for a writer that is ahead of it by more than the lead',
  },
  {
    world: resized(SWARM, { nodes: 12, minutes: 12 }),
    seed: 61_480,
    was: 'a process that had just started remembered the gossip of the one before it',
  },
] as const;

/** What was left of a swarm's run when it was shrunk. */
const SHRUNK: readonly {
  readonly was: string;
  readonly seed: number;
  readonly scenario: Partial<Scenario>;
}[] = [
  {
    was: 'a standby that nobody answered after its boot woke every millisecond from then on',
    seed: 1,
    scenario: {
      domains: 1,
      standbys: 1,
      minutes: 8,
      happenings: [
        { at: 60_000, fault: 'isolation', on: ['d00-s1'], forMs: 200_000, amount: 0 },
        { at: 90_000, fault: 'power-cut', on: ['d00-s1'], forMs: 5_000, amount: 0 },
      ],
    },
  },
  {
    was: 'a standby, whose word is that of one node of a quorum, was to tell the time on its own',
    seed: 1,
    scenario: {
      domains: 2,
      standbys: 1,
      followers: 1,
      minutes: 4,
      happenings: [
        { at: 60_000, fault: 'lying', on: ['d01'], forMs: 3_600_000, amount: 0 },
        { at: 60_000, fault: 'power-cut', on: ['d01-1'], forMs: 3_600_000, amount: 0 },
      ],
    },
  },
  {
    was: 'beacons of a disowned key were to be the same where the next rank is not there to speak',
    seed: 1,
    scenario: {
      domains: 2,
      standbys: 1,
      followers: 1,
      minutes: 6,
      happenings: [
        { at: 30_000, fault: 'lying', on: ['d00-s1'], forMs: 3_600_000, amount: 0 },
        { at: 30_000, fault: 'isolation', on: ['d00-s1'], forMs: 3_600_000, amount: 0 },
        { at: 60_000, fault: 'isolation', on: ['d00'], forMs: 120_000, amount: 0 },
        { at: 90_000, fault: 'publishing', on: ['d00'], forMs: 0, amount: 1 },
        { at: 120_000, fault: 'stolen-beacon-key', on: ['d01', 'd00'], forMs: 0, amount: 0 },
      ],
    },
  },
  {
    was: 'a proof left its seed with the writer, and the next rank waited for the end of the chain',
    seed: 1064,
    scenario: {
      domains: 6,
      followers: 1,
      minutes: 29,
      happenings: [
        { at: 1_183_082, fault: 'power-cut', on: ['d05-1'], forMs: 1_343_381, amount: 0 },
        { at: 1_729_594, fault: 'stolen-beacon-key', on: ['d02', 'd05'], forMs: 0, amount: 2 },
      ],
    },
  },
  {
    was: 'contents signed anew lost the names that whoever missed the Root still held',
    seed: 2_179,
    scenario: {
      domains: 6,
      followers: 1,
      minutes: 27,
      happenings: [
        { at: 878_097, fault: 'isolation', on: ['d02'], forMs: 1_609_141, amount: 0 },
        { at: 1_545_701, fault: 'rotating', on: ['d03'], forMs: 320_856, amount: 975 },
        { at: 1_603_661, fault: 'compromising', on: ['d03'], forMs: 327_338, amount: 17 },
      ],
    },
  },
  {
    was: 'a document that was under way when its link ended cost the sender its place',
    seed: 2_624,
    scenario: {
      domains: 6,
      followers: 1,
      minutes: 8,
      happenings: [
        { at: 54_184, fault: 'reboot-loop', on: ['d05'], forMs: 812_673, amount: 4_664 },
        {
          at: 429_801,
          fault: 'narrow-band',
          on: ['d00-1', 'd01-1', 'd02', 'd03', 'd05-1'],
          forMs: 7_345_652,
          amount: 33_477,
        },
      ],
    },
  },
  {
    was: 'both interests of a link were lost, and a want for one domain silenced it about all others',
    seed: 344,
    scenario: {
      domains: 3,
      followers: 1,
      minutes: 40,
      happenings: [
        {
          at: 1_475_021,
          fault: 'loss',
          on: ['d00', 'd01', 'd01-1', 'd02', 'd02-1'],
          forMs: 2_732_136,
          amount: 118_207,
        },
        {
          at: 1_475_840,
          fault: 'loss',
          on: ['d00', 'd00-1', 'd01', 'd01-1', 'd02', 'd02-1'],
          forMs: 3_014_100,
          amount: 451_982,
        },
        { at: 1_755_693, fault: 'power-cut', on: ['d02'], forMs: 298_169, amount: 0 },
        { at: 1_804_940, fault: 'power-cut', on: ['d01-1'], forMs: 589_856, amount: 0 },
        { at: 2_012_932, fault: 'loss', on: ['d00', 'd01'], forMs: 930_158, amount: 13_121 },
        {
          at: 2_046_258,
          fault: 'bridge',
          on: ['d01', 'd00-1', 'd01-1', 'd02'],
          forMs: 502_350,
          amount: 0,
        },
        {
          at: 2_099_686,
          fault: 'stolen-beacon-key',
          on: ['d00', 'd02'],
          forMs: 0,
          amount: 1_608_071,
        },
        {
          at: 2_209_901,
          fault: 'loss',
          on: ['d00', 'd00-1', 'd01-1', 'd02', 'd02-1'],
          forMs: 2_382_111,
          amount: 345_519,
        },
        { at: 2_235_298, fault: 'courier', on: ['d00', 'd01'], forMs: 0, amount: 0 },
      ],
    },
  },
  {
    was: 'ticks were required of whoever is reached through a machine put back to another date alone',
    seed: 2,
    scenario: {
      domains: 3,
      links: 'line',
      relations: 'all',
      minutes: 20,
      happenings: [
        { at: 60_000, fault: 'rtc-reset', on: ['d01'], forMs: 3_600_000, amount: 0 },
        { at: 400_000, fault: 'restored-writer', on: ['d01'], forMs: 600_000, amount: 0 },
      ],
    },
  },
  {
    was: 'a machine put back was held to go by what its own evidence says, and not by its date',
    seed: 2,
    scenario: {
      domains: 2,
      minutes: 20,
      happenings: [
        { at: 60_000, fault: 'rtc-reset', on: ['d01'], forMs: 3_600_000, amount: 0 },
        { at: 400_000, fault: 'restored-writer', on: ['d01'], forMs: 213_000, amount: 0 },
      ],
    },
  },
  {
    was: 'a tick that came in the step in which a held beacon was judged had gone when it was sent',
    seed: 3,
    scenario: {
      domains: 3,
      followers: 1,
      minutes: 20,
      happenings: [
        {
          at: 128_373,
          fault: 'stolen-beacon-key',
          on: ['d02', 'd00'],
          forMs: 0,
          amount: 2_700_723,
        },
        { at: 536_754, fault: 'clock-jump', on: ['d01'], forMs: 622_266, amount: 13_545_758 },
      ],
    },
  },
  {
    was: 'FRESH was required where a clock that ran ahead took what a thief had dated ahead',
    seed: 1,
    scenario: {
      domains: 3,
      followers: 1,
      minutes: 20,
      happenings: [
        {
          at: 128_373,
          fault: 'stolen-beacon-key',
          on: ['d02', 'd00'],
          forMs: 0,
          amount: 2_700_723,
        },
        { at: 536_754, fault: 'clock-jump', on: ['d01'], forMs: 622_266, amount: 13_545_758 },
        { at: 1_080_657, fault: 'revoking', on: ['d00', 'd00-1'], forMs: 0, amount: 640 },
      ],
    },
  },
  {
    was: 'a follower cut off lacked for ever what a revocation key, since compromised, had revoked',
    seed: 69,
    scenario: {
      domains: 2,
      followers: 1,
      minutes: 8,
      happenings: [
        { at: 229_649, fault: 'isolation', on: ['d00-1'], forMs: 3_432_184, amount: 0 },
        { at: 273_576, fault: 'naming-revokers', on: ['d00'], forMs: 299_790, amount: 160 },
        { at: 291_258, fault: 'naming-revokers', on: ['d00'], forMs: 48_615, amount: 972 },
        { at: 420_049, fault: 'naming-revokers', on: ['d00'], forMs: 1_310_972, amount: 854 },
      ],
    },
  },
  {
    was: 'a writer was to be silent whose end was told to nobody but a machine that is cut off',
    seed: 153,
    scenario: {
      domains: 1,
      followers: 2,
      standbys: 2,
      writerForMs: 60_000,
      links: 'full',
      minutes: 21,
      happenings: [
        { at: 541_471, fault: 'taking-over', on: ['d00'], forMs: 0, amount: 0 },
        { at: 603_620, fault: 'standing-in', on: ['d00'], forMs: 651_436, amount: 617 },
        { at: 643_023, fault: 'standing-in', on: ['d00'], forMs: 2_482_582, amount: 802 },
        { at: 880_386, fault: 'taking-over', on: ['d00'], forMs: 0, amount: 0 },
      ],
    },
  },
];

for (const { was, seed, scenario } of SHRUNK) {
  found(`what seed ${seed} was shrunk to holds: ${was}`, () => {
    const { limits } = SWARM;
    const { verdict, sentence, why } = runSeed({
      scenario: { ...PLAIN, limits, ...scenario },
      seed,
    });
    assert.is(verdict, 'held', `${sentence}: ${why}`);
  });
}

for (const { world, seed, was } of SEEDS) {
  found(`seed ${seed} of ${world.name} with ${world.domains} domains holds: ${was}`, () => {
    const faults = world.faults.filter((name) => !LATER.includes(name));
    const { verdict, sentence, why } = runSeed({ scenario: { ...world, faults }, seed });
    assert.is(verdict, 'held', `${sentence}: ${why}`);
  });
}

found.run();
