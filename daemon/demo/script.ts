/**
 * The story of the demo, step by step. Each step observes what it tells; one that sees something
 * else fails, and the demo with it.
 */

import { userInfo } from 'node:os';
import { Failure } from '../../core/failure.ts';
import type { Clock } from '../ports.ts';
import { type Cable, layCable } from './cable.ts';
import { DEMO_LIMITS, type DomainProcess } from './domain-process.ts';
import { waitFor } from './wait.ts';
import type { Handshake, Workload } from './workload.ts';

/** Everybody on the stage. */
export interface Stage {
  readonly clock: Clock;
  readonly blue: DomainProcess;
  readonly red: DomainProcess;
  readonly blueWorkload: Workload;
  readonly redWorkload: Workload;
  /** Ends with the demo, whatever happens. */
  readonly defer: (close: () => Promise<void> | void) => void;
}

/** Tells what was seen. */
export type Tell = (step: string, seen: string) => void;

/** A fall may be seen so late: the daemon's wake, an answer under way, our own asking. */
const FALL_SLACK_MS = 900;
/** Redialling backs off to a few seconds; the heal has to be seen within a few of them. */
const HEAL_MS_MAX = 20_000;
const SOON_MS = 8_000;
const VISITOR = 'spiffe://blue.example/visitor';
const VISITOR_UID = 65_533;
const FALLS = [
  ['DEGRADED', DEMO_LIMITS.freshForMs],
  ['SURVIVAL', DEMO_LIMITS.degradedForMs],
  ['EXPIRED', DEMO_LIMITS.survivalForMs],
] as const;

/** Plays the whole story. Throws at the first thing that is not as told. */
export async function play(stage: Stage, tell: Tell): Promise<void> {
  await openDomains(stage, tell);
  const cable = await relate(stage, tell);
  const oldFile = await bundleFile(stage.blue);
  await talk(stage, tell);
  await cut(stage, cable, tell);
  await heal(stage, cable, tell);
  await withdraw(stage, tell);
  await replay(stage, oldFile, tell);
}

async function openDomains({ blue, red, ...stage }: Stage, tell: Tell): Promise<void> {
  await Promise.all([blue.start(), red.start()]);
  tell('two domains', `${blue.name} and ${red.name} run, each its own process, keys and Root`);
  const selectors = [`unix:uid:${userInfo().uid}`];
  for (const [domain, partner, workload] of [
    [blue, red, stage.blueWorkload],
    [red, blue, stage.redWorkload],
  ] as const) {
    const spiffeId = `spiffe://${domain.name}/web`;
    const federatesWith = [partner.name];
    await domain.control.call('entry.create', { spiffeId, selectors, federatesWith });
    workload.follow();
    const hasSvid = async () => workload.identities !== null;
    await waitFor(stage.clock, SOON_MS, `the SVID of ${spiffeId}`, hasSvid);
  }
  // Somebody who is not here: whose entry can be withdrawn without missing anybody.
  const visitor = { spiffeId: VISITOR, selectors: [`unix:uid:${VISITOR_UID}`] };
  await blue.control.call('entry.create', visitor);
  tell('identities', `each workload fetched its X509-SVID from its own Workload API`);
}

/** Bundle files change hands, and the two ends of the cable are plugged in. */
async function relate({ blue, red, defer, ...stage }: Stage, tell: Tell): Promise<Cable> {
  const cable = await layCable(await blue.port());
  defer(() => cable.close());
  const [ofBlue, ofRed] = [await bundleFile(blue), await bundleFile(red)];
  await blue.control.call('federation.add', { text: ofRed, peers: [] });
  const peers = [`/ip4/127.0.0.1/tcp/${cable.port}`];
  await red.control.call('federation.add', { text: ofBlue, peers });
  tell('relations', 'each related to the other by its bundle file; the cable is plugged in');
  await eachWay({ blue, red }, async (domain, partner) => {
    const isFresh = async () => (await domain.sees(partner.name)).tier === 'FRESH';
    await waitFor(stage.clock, SOON_MS, `${domain.name} to see ${partner.name} fresh`, isFresh);
  });
  for (const workload of [stage.blueWorkload, stage.redWorkload]) {
    const hasBundle = async () => workload.identities?.federatedBundles.size === 1;
    await waitFor(stage.clock, SOON_MS, 'the partner’s bundle in the Workload API', hasBundle);
  }
  tell('linked', 'both see the other FRESH, and serve the other’s bundle to their workloads');
  return cable;
}

async function talk(stage: Stage, tell: Tell): Promise<void> {
  const there = spoke(await stage.blueWorkload.handshakeFrom(stage.redWorkload));
  const back = spoke(await stage.redWorkload.handshakeFrom(stage.blueWorkload));
  tell('mutual TLS', `${there.client} → ${there.server}, and ${back.client} → ${back.server}`);
}

/** The cable is cut: both fall on time, and the bundle goes when the tier says so. */
async function cut(stage: Stage, cable: Cable, tell: Tell): Promise<void> {
  const { clock, blue, red, blueWorkload, redWorkload } = stage;
  cable.cut();
  tell('cut', 'the cable is cut; nobody is told');
  for (const [tier, limitMs] of FALLS) {
    await eachWay(stage, async (domain, partner) => {
      const what = `${domain.name} to see ${partner.name} ${tier}`;
      let ageMs = 0;
      await waitFor(clock, DEMO_LIMITS.survivalForMs + SOON_MS, what, async () => {
        const status = await domain.sees(partner.name);
        ageMs = status.ageMs ?? 0;
        return status.tier === tier;
      });
      if (ageMs < limitMs || ageMs > limitMs + FALL_SLACK_MS) {
        throw new Failure('process-failed', `${what} at ${limitMs} ms of age, not at ${ageMs}`);
      }
    });
    tell(tier, `both fell at ${limitMs / 1_000} s of age, as the limits say`);
    const served = [blueWorkload, redWorkload].map((w) => w.identities?.federatedBundles.size ?? 0);
    if (tier === 'DEGRADED' && served.some((count) => count === 0)) {
      throw new Failure('process-failed', 'the bundle left the Workload API too early');
    }
    if (tier !== 'SURVIVAL') continue;
    for (const workload of [blueWorkload, redWorkload]) {
      const isGone = async () => workload.identities?.federatedBundles.size === 0;
      await waitFor(clock, FALL_SLACK_MS, 'the partner’s bundle to leave', isGone);
    }
    tell('withdrawn bundle', 'the partner’s bundle has left both Workload APIs');
    const refusal = refused(await blueWorkload.handshakeFrom(redWorkload));
    const local = spoke(await blueWorkload.handshakeFrom(blueWorkload));
    tell('handshakes', `with the partner: refused (${refusal}); at home: ${local.server} speaks`);
  }
  await eachWay({ blue, red }, async (domain) => {
    const own = await domain.sees(domain.name);
    if (own.tier !== 'FRESH') throw new Failure('process-failed', `${domain.name} is not itself`);
  });
  tell('at home', 'each domain is FRESH to itself throughout');
}

async function heal(stage: Stage, cable: Cable, tell: Tell): Promise<void> {
  cable.mend();
  const since = stage.clock.now().boot;
  await eachWay(stage, async (domain, partner) => {
    const isFresh = async () => (await domain.sees(partner.name)).tier === 'FRESH';
    await waitFor(stage.clock, HEAL_MS_MAX, `${domain.name} to see ${partner.name} again`, isFresh);
  });
  const took = ((stage.clock.now().boot - since) / 1_000).toFixed(1);
  for (const workload of [stage.blueWorkload, stage.redWorkload]) {
    const isBack = async () => workload.identities?.federatedBundles.size === 1;
    await waitFor(stage.clock, SOON_MS, 'the partner’s bundle to come back', isBack);
  }
  spoke(await stage.blueWorkload.handshakeFrom(stage.redWorkload));
  tell('healed', `both FRESH again ${took} s after the cable was mended, and speaking`);
}

/** An entry is withdrawn: 43 bytes say so before the new beacon does. */
async function withdraw({ blue, red, clock }: Stage, tell: Tell): Promise<void> {
  const { entries } = await blue.control.call('entry.list', {});
  const entry = entries.find(({ spiffeId }) => spiffeId === VISITOR);
  if (entry === undefined) throw new Failure('process-failed', 'there is no entry to withdraw');
  const from = red.heard.length;
  const before = await red.sees(blue.name);
  const { epoch } = await blue.control.call('entry.delete', { id: entry.id });
  const heardOf = (event: string) =>
    red.heard.slice(from).find(({ entry: { event: name, fields } }) => {
      return name === event && fields.domain === blue.name;
    });
  const hasNewer = async () => heardOf('beacon.admitted') !== undefined;
  await waitFor(clock, SOON_MS, 'the successor of the withdrawn beacon', hasNewer);
  const stop = heardOf('stop.admitted');
  const beacon = heardOf('beacon.admitted');
  if (stop === undefined || beacon === undefined || stop.entry.seq >= beacon.entry.seq) {
    throw new Failure('process-failed', 'the stop did not arrive before the new beacon');
  }
  const lead = beacon.at - stop.at;
  tell(
    'withdrawal',
    `43 bytes stopped epoch ${before.epoch} first; the beacon of ${epoch} came ${lead} ms later`,
  );
}

/** The network’s memory is long: an old beacon comes again. */
async function replay({ blue, red, clock }: Stage, oldFile: string, tell: Tell): Promise<void> {
  const before = await red.sees(blue.name);
  const from = red.heard.length;
  const { documents } = await red.control.call('bundle.import', { text: oldFile });
  const outcome = documents.find(({ type }) => type === 'beacon')?.outcome;
  if (outcome !== 'epoch-rolled-back') {
    throw new Failure('process-failed', `the old beacon was ${outcome ?? 'not there'}`);
  }
  const isAudited = async () =>
    red.heard.slice(from).some(({ entry: { event, fields } }) => {
      return event === 'refused' && fields.code === 'epoch-rolled-back';
    });
  await waitFor(clock, SOON_MS, 'the refusal in the audit log', isAudited);
  const after = await red.sees(blue.name);
  if (after.epoch !== before.epoch) throw new Failure('process-failed', 'the replay had an effect');
  tell('replay', `an old beacon is refused (${outcome}), audited, and changes nothing`);
}

async function bundleFile(domain: DomainProcess): Promise<string> {
  const { text } = await domain.control.call('bundle.export', { format: 'holdfast' });
  return text;
}

async function eachWay(
  { blue, red }: Pick<Stage, 'blue' | 'red'>,
  look: (domain: DomainProcess, partner: DomainProcess) => Promise<void>,
): Promise<void> {
  await Promise.all([look(blue, red), look(red, blue)]);
}

function spoke(handshake: Handshake) {
  if (handshake.kind === 'spoke') return handshake;
  const { by, refusal } = handshake;
  throw new Failure('process-failed', `the ${by} refused the handshake: ${refusal.code}`, refusal);
}

function refused(handshake: Handshake): string {
  if (handshake.kind === 'refused') return handshake.refusal.code;
  throw new Failure('process-failed', 'a handshake with the partner succeeded after the fall');
}
