/** The health of a machine, read from the real kernel and from the files of another one. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readNodeHealth } from '../../../daemon/host/node-health.ts';
import { temporaryFolder } from '../../folder.ts';

const health = suite('daemon/host/node-health');

health('reads disk, memory and its own share from this kernel', async () => {
  const seen = await readNodeHealth('/');
  assert.ok((seen.diskFreeBytes ?? 0) <= (seen.diskBytes ?? 0));
  assert.ok((seen.memoryAvailableBytes ?? 0) < (seen.memoryBytes ?? 0));
  assert.ok(seen.processResidentBytes > 1_000_000);
  assert.ok((seen.processOpenFiles ?? 0) > 2);
});

health('takes the hottest zone and the emptiest battery', async () => {
  await using folder = await temporaryFolder();
  const sys = folder.path;
  const files = {
    'class/thermal/thermal_zone0/temp': '41000\n',
    'class/thermal/thermal_zone1/temp': '63500\n',
    'class/thermal/cooling_device0/type': 'Fan\n',
    'class/power_supply/AC/type': 'Mains\n',
    'class/power_supply/BAT0/type': 'Battery\n',
    'class/power_supply/BAT0/capacity': '80\n',
    'class/power_supply/BAT0/status': 'Full\n',
    'class/power_supply/BAT1/type': 'Battery\n',
    'class/power_supply/BAT1/capacity': '17\n',
    'class/power_supply/BAT1/status': 'Discharging\n',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(sys, path, '..'), { recursive: true });
    await writeFile(join(sys, path), text);
  }
  const seen = await readNodeHealth('/', { proc: '/proc', sys });
  assert.is(seen.temperatureCelsius, 63.5);
  assert.is(seen.batteryShare, 0.17);
  assert.is(seen.onBattery, true);
});

health('leaves out what the machine does not tell', async () => {
  await using folder = await temporaryFolder();
  const sources = { proc: folder.path, sys: folder.path };
  const seen = await readNodeHealth(join(folder.path, 'absent'), sources);
  const told = Object.keys(seen).sort();
  assert.equal(told, ['processCpuSeconds', 'processResidentBytes']);
});

health.run();
