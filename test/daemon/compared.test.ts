/** What is compared aloud, and what a camera carries, between running daemons. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wordLines } from '../../daemon/text/fingerprint-words.ts';
import type { DaemonProcess } from '../daemon-process.ts';
import { controlling, eventually, fileBeside, type, withDaemons } from './live.ts';

const compared = suite('daemon/compared');

const BLUE = 'blue.example';
const RED = 'red.example';

async function tickOf(daemon: DaemonProcess, domain: string): Promise<number> {
  const { domains } = await controlling(daemon, (control) => control.call('status', {}));
  return domains.find((one) => one.domain === domain)?.tick ?? 0;
}

compared('words are shown where a partner is made, the same on both sides', async () => {
  await withDaemons([BLUE, RED], async (blue, red) => {
    const { fingerprint, domains } = await controlling(red, (control) =>
      control.call('status', {}),
    );
    const lines = wordLines(fingerprint);
    assert.is(domains[0]?.words, lines.join(' '));
    const file = fileBeside(blue, 'red.bundle', '');
    const exported = await type(red, 'bundle', 'export', file);
    const added = await type(blue, 'federation', 'add', file);
    assert.is(added.code, 0, added.err);
    const status = await type(red, 'status');
    for (const { out } of [exported, added, status]) {
      for (const line of lines) assert.match(out, line);
    }
    for (const { out } of [exported, added]) assert.match(out, /newest root +version 1 of \d{4}-/);
  });
});

compared('a tick goes from one screen to another node by a scanner', async () => {
  await withDaemons([BLUE, RED], async (blue, red) => {
    const file = fileBeside(blue, 'red.bundle', '');
    await type(red, 'bundle', 'export', file);
    await type(blue, 'federation', 'add', file);
    const before = await tickOf(blue, RED);
    const shown = await eventually('a newer tick of red', async () => {
      const { out, code } = await type(red, 'qr', 'tick', '--ascii');
      return code === 0 && (await tickOf(red, RED)) > before + 1 ? out : undefined;
    });
    const [text = ''] = /holdfast:tick:\S+/.exec(shown) ?? [];
    const taken = await type(blue, 'tick', 'import', text);
    assert.is(taken.code, 0, taken.err + taken.out);
    assert.ok((await tickOf(blue, RED)) > before);
    assert.match((await type(blue, 'tick', 'import', text)).out, 'held already');

    assert.is((await type(red, 'qr', 'stop')).code, 1, 'nothing is withdrawn');
    const cut = await type(blue, 'tick', 'import', text.slice(0, -5));
    assert.is(cut.code, 1);
    const mark = await type(red, 'qr', 'fingerprint');
    assert.match(mark.out, /holdfast:fingerprint:[0-9a-f]{64}\n$/);
  });
});

compared.run();
