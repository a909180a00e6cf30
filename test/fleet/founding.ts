/**
 * How a fleet comes to be: daemons start, members are enrolled, authorities are given the bundle
 * files of those whom they relate to, and the wires carry once nobody is a stranger.
 */

import type { ControlClient } from '../../daemon/control/client.ts';
import { eventually } from '../daemon/live.ts';
import type { Fleet } from './fleet.ts';
import { type LinkEnds, multiaddressOf } from './site.ts';
import { Wire } from './wire.ts';

/** Daemons that start at once. */
const STARTS_AT_ONCE = 4;
const FOUNDED_MS_MAX = 300_000;
const ENROLLED_MS_MAX = 60_000;
const GROUP = 'default';

/** Brings a fleet up; resolves once all see all whom they relate to fresh. */
export async function found(fleet: Fleet): Promise<void> {
  const waiting = Array.from({ length: fleet.plan.size }, (_, index) => index).values();
  const startEach = async (): Promise<void> => {
    for (const index of waiting) await fleet.start(index);
  };
  await Promise.all(Array.from({ length: STARTS_AT_ONCE }, startEach));
  await Promise.all(fleet.plan.links.map((link) => lay(fleet, link)));
  for (const index of fleet.daemons.keys()) {
    if (fleet.authorityOf(index) !== index) await enrol(fleet, index);
  }
  await relate(fleet);
  await carryFiles(fleet);
  for (const wire of fleet.wires.values()) wire.mend();
  await fleet.settle(FOUNDED_MS_MAX);
}

/** Carries files between the daemons that the plan names and their partners, both ways. */
export async function carryFiles(fleet: Fleet): Promise<void> {
  const { areRelated = () => true, filed = [] } = fleet.plan;
  if (filed.length === 0) return;
  const files = await exportAll(fleet);
  await Promise.all(
    fleet.daemons.map(async ({ control }, index) => {
      for (const [partner, text] of files) {
        const isFor = filed.includes(index) || filed.includes(partner);
        if (!isFor || partner === index || !areRelated(index, partner)) continue;
        await control.call('bundle.import', { text });
      }
    }),
  );
}

async function lay(fleet: Fleet, link: LinkEnds): Promise<void> {
  const wire = await Wire.lay(fleet.site.plugsOf(link), fleet.site.relayed(fleet.plan.line));
  wire.cut(); // until all are related, or they would meet as strangers
  fleet.wires.set(link, wire);
}

/** A member joins over its wire to its authority, and a person there approves it. */
async function enrol(fleet: Fleet, index: number): Promise<void> {
  const writer = fleet.authorityOf(index);
  const link = fleet.plan.links.find(([from, to]) => from === index && to === writer);
  if (link === undefined) throw new Error(`${index} does not dial its authority`);
  fleet.wires.get(link)?.mend();
  const [{ control }, authority] = [fleet.daemon(index), fleet.daemon(writer).control];
  const { fingerprint } = await authority.call('status', {});
  const address = multiaddressOf(fleet.site.plugsOf(link).near);
  await control.call('enroll.join', { group: GROUP, kind: 'slices', address, fingerprint });
  const { id: node } = (await control.call('status', {})).node;
  await eventually(
    `the application of ${index}`,
    async () => {
      const { applications } = await authority.call('enroll.list', {});
      return applications.find((each) => each.node === node && each.assurance !== '');
    },
    ENROLLED_MS_MAX,
  );
  await authority.call('enroll.approve', { node });
  await eventually(
    `the lease of ${index}`,
    async () => {
      const { lease } = (await control.call('status', {})).node;
      return lease ?? undefined;
    },
    ENROLLED_MS_MAX,
  );
}

/** Every authority is given the bundle files of all partners, and where to dial. */
async function relate(fleet: Fleet): Promise<void> {
  const { areRelated = () => true, links } = fleet.plan;
  const files = await exportAll(fleet);
  const relateOne = async (control: ControlClient, index: number): Promise<void> => {
    for (const [partner, text] of files) {
      if (partner === index || !areRelated(index, partner)) continue;
      const dialled = links.filter(([a, b]) => a === index && b === partner);
      const peers = dialled.map((link) => multiaddressOf(fleet.site.plugsOf(link).near));
      await control.call('federation.add', { text, peers });
    }
  };
  const authorities = [...files.keys()];
  await Promise.all(authorities.map((index) => relateOne(fleet.daemon(index).control, index)));
}

/** The bundle file of each authority. */
async function exportAll(fleet: Fleet): Promise<ReadonlyMap<number, string>> {
  const authorities = [...fleet.daemons.entries()].filter(
    ([index]) => fleet.authorityOf(index) === index,
  );
  const files = authorities.map(async ([index, { control }]) => {
    const { text } = await control.call('bundle.export', { format: 'holdfast' });
    return [index, text] as const;
  });
  return new Map(await Promise.all(files));
}
