/**
 * A Holdfast domain and a SPIRE domain that know each other by their bundle endpoints alone, and
 * workloads of both that speak mutual TLS. Timeout: 240 s
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Workload } from '../../daemon/demo/workload.ts';
import { DaemonProcess } from '../daemon-process.ts';
import { realClock } from '../fakes/real-clock.ts';
import { skip } from '../skip.ts';
import { Spire, whyNoSpire } from './spire.ts';

const spire = suite('interop/spire');

const HOME = 'home.example';
const AWAY = 'spire.example';
const CONFIG = `\
[bundle_endpoint]
listen = "/ip4/127.0.0.1/tcp/0"
[limits]
min_epoch = "10ms"
`;
const UID = process.getuid?.() ?? 0;

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isSo()); tries++) {
    if (tries > 300) throw new Error(`waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** How many X.509 authorities a bundle as JSON holds. */
function authoritiesIn(text: string): number {
  const { keys } = JSON.parse(text) as { keys: readonly { use: string }[] };
  return keys.filter(({ use }) => use === 'x509-svid').length;
}

const sentence = 'federates both ways by endpoints, and workloads of both sides speak mutual TLS';
const reason = whyNoSpire();
if (reason !== undefined) skip(`interop/spire › ${sentence}`, reason);
else spire(sentence, federate);

async function federate(): Promise<void> {
  const daemon = new DaemonProcess(HOME, CONFIG);
  const server = new Spire(AWAY, join(daemon.folder, 'spire'));
  const workloads: Workload[] = [];
  try {
    await daemon.start();
    const control = await daemon.control();
    const { bundleEndpoint: url } = await control.call('status', {});
    const endpointId = `spiffe://${HOME}/bundle-endpoint`;
    await server.startServer({ domain: HOME, url, endpointId });

    // First contact: each side is given the other's bundle by a person.
    const ours = join(daemon.folder, 'ours.json');
    await writeFile(ours, (await control.call('bundle.export', { format: 'spiffe' })).text);
    const id = `spiffe://${HOME}`;
    await server.server('bundle', 'set', '-id', id, '-format', 'spiffe', '-path', ours);
    const theirs = await server.server('bundle', 'show', '-format', 'spiffe');
    await control.call('federation.add-spiffe', {
      ...{ domain: AWAY, url: server.endpointUrl, profile: 'https_spiffe' },
      ...{ endpointId: server.endpointId, bundle: theirs },
    });
    assert.is((await control.call('federation.refresh', { domain: AWAY })).tier, 'FRESH');

    // From then on each learns of the other's new authorities by itself.
    await server.server('localauthority', 'x509', 'prepare');
    await control.call('federation.refresh', { domain: AWAY });
    const shown = (await control.call('status', {})).domains.find(({ domain }) => domain === AWAY);
    assert.is(shown?.relation, 'spiffe');
    assert.ok(Number(shown?.epoch) > 0, `sequence ${shown?.epoch}`);
    await control.call('authority.prepare', { use: 'x509', keyType: 'ec-p256' });
    await server.server('federation', 'refresh', '-id', id);
    await until('the new authority of ours at SPIRE', async () => {
      const listed = await server.server('bundle', 'list', '-id', id, '-format', 'spiffe');
      return authoritiesIn(listed) === 2;
    });

    // Workloads of both sides, by the Workload APIs of both.
    await server.startAgent();
    await server.register('/api', UID, HOME);
    const selectors = [`unix:uid:${UID}`];
    const web = { spiffeId: `spiffe://${HOME}/web`, selectors, federatesWith: [AWAY] };
    await control.call('entry.create', web);
    await control.close();
    const [here, there] = [daemon.workloadSocket, server.agentSocket].map((path) => {
      const workload = new Workload(path, realClock);
      workloads.push(workload);
      return workload;
    });
    assert.ok(here !== undefined && there !== undefined);
    for (const workload of workloads) {
      await until('an identity with a partner', async () => {
        if (workload.identities === null) workload.follow();
        await new Promise((resolve) => setTimeout(resolve, 200));
        return (workload.identities?.federatedBundles.size ?? 0) === 1;
      });
    }
    assert.is(there.identities?.federatedBundles.get(HOME as never)?.length, 2);
    const spoke = {
      kind: 'spoke',
      ...{ client: `spiffe://${AWAY}/api`, server: `spiffe://${HOME}/web` },
    };
    assert.equal(await here.handshakeFrom(there), spoke);
    const back = await there.handshakeFrom(here);
    assert.equal(back, { kind: 'spoke', client: spoke.server, server: spoke.client });
  } finally {
    for (const workload of workloads) workload.close();
    await server.stop();
    await daemon.remove();
  }
}

spire.run();
