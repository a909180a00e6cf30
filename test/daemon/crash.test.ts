/**
 * Timeout: 600 s
 *
 * kill −9 at random moments: while the domain is being founded, while entries are created, while a
 * restart is under way. Each time the daemon starts again by itself, and what it had acknowledged
 * is still so: no entry lost, no epoch signed twice, the audit log whole.
 */

import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyAudit } from '../../daemon/audit/audit-verify.ts';
import { DaemonProcess } from '../daemon-process.ts';

const test = suite('daemon/crash');

const KILLS = 50;
/** Kills in one folder before a new domain is founded. */
const KILLS_PER_DOMAIN = 10;
/** A life ends between before the lock is taken and well into the entries: in starts. */
const LIFE_STARTS_MAX = 2;
/** Epochs may follow each other as fast as the disk takes them. */
const CONFIG = '[limits]\nmin_epoch = "10ms"\n';

test(`survives ${KILLS} kills at random moments`, async () => {
  const lifeMsMax = LIFE_STARTS_MAX * (await measureStart());
  for (let domain = 0; domain < KILLS / KILLS_PER_DOMAIN; domain++) {
    const daemon = new DaemonProcess('blue.example', CONFIG);
    try {
      const acknowledged = new Set<string>();
      for (let kill = 0; kill < KILLS_PER_DOMAIN; kill++) {
        await liveAndDie(daemon, acknowledged, {
          name: `${domain}-${kill}`,
          lifeMs: Math.random() * lifeMsMax,
        });
        await daemon.start();
        await checkNothingLost(daemon, acknowledged);
        await daemon.kill('SIGKILL');
      }
      checkEpochs(daemon);
    } finally {
      await daemon.remove();
    }
  }
});

/** How long a start takes on this machine, now. */
async function measureStart(): Promise<number> {
  const daemon = new DaemonProcess('blue.example', CONFIG);
  try {
    const begun = performance.now();
    await daemon.start();
    return performance.now() - begun;
  } finally {
    await daemon.remove();
  }
}

/** Creates entries as fast as they are acknowledged, until the kill comes. */
async function liveAndDie(
  daemon: DaemonProcess,
  acknowledged: Set<string>,
  { name, lifeMs }: { readonly name: string; readonly lifeMs: number },
): Promise<void> {
  daemon.spawn();
  const life = new Promise((resolve) => setTimeout(resolve, lifeMs));
  let dead = false;
  const busy = (async () => {
    for (let i = 0; !dead; i++) {
      try {
        const control = await daemon.control();
        for (; !dead; i++) {
          const spiffeId = `spiffe://blue.example/${name}/${i}`;
          const { id } = await control.call('entry.create', {
            spiffeId,
            selectors: ['unix:uid:0'],
          });
          acknowledged.add(id);
        }
      } catch {
        // Not up yet, or dead already: what was not acknowledged may be lost.
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  })();
  await life;
  await daemon.kill('SIGKILL');
  dead = true;
  await busy;
}

async function checkNothingLost(
  daemon: DaemonProcess,
  acknowledged: ReadonlySet<string>,
): Promise<void> {
  const control = await daemon.control();
  const { entries } = await control.call('entry.list', {});
  const held = new Set(entries.map(({ id }) => id));
  await control.close();
  assert.equal(
    [...acknowledged].filter((id) => !held.has(id)),
    [],
    'an acknowledged entry is lost',
  );
  const { tornBytes } = await verifyAudit(daemon.auditLog);
  assert.is(tornBytes, 0);
}

/** Every epoch that was ever believed was believed with one body. */
function checkEpochs(daemon: DaemonProcess): void {
  const bodies = new Map<string, string>();
  for (const line of readFileSync(daemon.auditLog, 'utf8').trim().split('\n')) {
    const { event, fields } = JSON.parse(line);
    assert.is.not(event, 'beacon.equivocation');
    if (event !== 'beacon.admitted') continue;
    assert.is(bodies.get(fields.epoch) ?? fields.digest, fields.digest, `epoch ${fields.epoch}`);
    bodies.set(fields.epoch, fields.digest);
  }
  assert.ok(bodies.size > KILLS_PER_DOMAIN);
}

test.run();
