/**
 * What is left of a fleet that did not come to agree: who is not linked with whom, and the words of
 * every daemon, in a folder that outlives the fleet. Whoever looks for the cause starts there.
 */

import { copyFileSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { domainOf, type Fleet } from './fleet.ts';
import type { Wire } from './wire.ts';

/** Keeps the logs of a fleet; says where, and which of its links are down. */
export async function keepRemains(fleet: Fleet): Promise<string> {
  const down = await linksDown(fleet);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-fleet-'));
  for (const [index, { process }] of fleet.daemons.entries()) {
    writeFileSync(join(folder, `${index}.log`), process.said.map((line) => `${line}\n`).join(''));
    const audit = process.auditLog;
    if (existsSync(audit)) copyFileSync(audit, join(folder, `${index}.audit`));
  }
  const pairs = down.length === 0 ? 'all are linked' : `not linked: ${down.join(', ')}`;
  return `${pairs}; logs in ${folder}`;
}

/** Links of the plan that one of their ends does not have, and what befell them. */
async function linksDown(fleet: Fleet): Promise<readonly string[]> {
  const peers = await Promise.all(
    fleet.daemons.map(async ({ control }) => (await control.call('status', {})).peers),
  );
  const has = (by: number, other: number): boolean => {
    const domain = domainOf(fleet.authorityOf(other));
    return peers[by]?.some((peer) => peer.domain === domain) === true;
  };
  return fleet.plan.links
    .filter(([from, to]) => !has(from, to) || !has(to, from))
    .map(([from, to]) => `${from} and ${to} (${fateOf(fleet.wire(from, to))})`);
}

function fateOf({ joinedAt, trouble }: Wire): string {
  if (Number.isNaN(joinedAt)) return 'never dialled over';
  const sinceMs = performance.now() - joinedAt;
  return `dialled over ${sinceMs.toFixed(0)} ms ago; ${trouble === '' ? 'no trouble' : trouble}`;
}
