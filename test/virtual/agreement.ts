/**
 * Who has come to agree, and who lacks something yet: the newest beacon of a domain, or being fresh
 * to it.
 *
 * A machine is held to the domains that it can hear of: machines that know a domain pass its words
 * on, and nobody else does. Who was captured is left out, and so is a domain whose stolen key
 * nothing has proven yet: a thief goes on until then. Who lost its clock and its authority stays at
 * SURVIVAL.
 */

import type { TrustDomain } from '../../core/spiffe-id.ts';
import { recordKey } from '../../federation/record-key.ts';
import type { DomainView } from '../../federation/view.ts';
import type { VirtualCoalition } from './virtual-coalition.ts';
import type { VirtualMachine } from './virtual-machine.ts';

type Views = ReadonlyMap<VirtualMachine, ReadonlyMap<TrustDomain, DomainView>>;

/** Whatever any machine lacks of any domain that it knows and can hear of, as sentences. */
export function lackingIn(coalition: VirtualCoalition): readonly string[] {
  const machines = [...coalition.machines.values()];
  const views: Views = new Map(
    machines.map((machine) => [
      machine,
      new Map(coalition.views(machine).map((view) => [view.domain, view])),
    ]),
  );
  return machines
    .filter((machine) => machine.isAuthority && !machine.isCaptured)
    .filter((machine) => !coalition.stolen.has(machine.domain) || hasProof(machine))
    .flatMap((authority) => {
      const { domain } = authority;
      const epoch = views.get(authority)?.get(domain)?.epoch;
      return hearersOf(coalition, authority, views).flatMap((machine) => {
        const view = views.get(machine)?.get(domain);
        if (view === undefined) return `${machine.name} does not run`;
        const { standing } = view;
        if (view.epoch === epoch && (standing.tier === 'FRESH' || isLost(coalition, machine))) {
          return [];
        }
        return `${machine.name} lacks ${domain} (${standing.tier}, epoch ${view.epoch})`;
      });
    });
}

/** The authority of a domain, and whoever knows it and is joined to it by others that do. */
function hearersOf(
  { machines, net }: VirtualCoalition,
  authority: VirtualMachine,
  views: Views,
): readonly VirtualMachine[] {
  const byHost = new Map([...machines.values()].map((machine) => [machine.host, machine]));
  const hearers = new Set([authority]);
  for (const { host } of hearers) {
    for (const { hosts } of net.paths.filter((path) => path.hosts.includes(host))) {
      const other = byHost.get(hosts[0] === host ? hosts[1] : hosts[0]);
      if (other === undefined || other.isCaptured) continue;
      const isDown = other.node === null;
      if (isDown || views.get(other)?.has(authority.domain)) hearers.add(other);
    }
  }
  return [...hearers];
}

/** True for who does not know the time, and has nobody of its domain to ask (PROTOCOL §4.4). */
function isLost({ machines, now }: VirtualCoalition, { node, clock, domain }: VirtualMachine) {
  const own = [...machines.values()].find((each) => each.isAuthority && each.domain === domain);
  return own?.isCaptured === true && node?.isTimeKnown(clock.now(now)) === false;
}

/** True where an authority has heard that a key of its own was stolen. */
function hasProof({ domain, disk }: VirtualMachine): boolean {
  const prefix = recordKey(domain, 'disowned', '');
  return [...disk.records.keys()].some((key) => key.startsWith(prefix));
}
