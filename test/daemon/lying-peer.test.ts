/**
 * A node of a partner that lies, over real sockets, to a live daemon: about what it holds, by
 * silence, without end, and with what is secret. Each is a code in the audit log, and all the while
 * an honest partner is served (PROTOCOL §6.1, §6.2, §6.4).
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { digestOf } from '../../core/digest.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { type SummaryRow, tagOf } from '../../federation/message.ts';
import { type DaemonProcess, relate } from '../daemon-process.ts';
import { DOMAIN, forgeEntries } from '../federation/forge.ts';
import { checkServed, type Intruder, peersOf, withIntruder } from './intruder.ts';
import { auditOf, eventually, withDaemons } from './live.ts';

const lying = suite('daemon/lying-peer');

const RED = parseTrustDomain('red.example');
const ROUNDS = 150;

async function withLiar(
  body: (home: DaemonProcess, red: DaemonProcess, liar: Intruder) => Promise<void>,
): Promise<void> {
  await withDaemons(['home.example', 'red.example'], async (home, red) => {
    await relate(home, red);
    await withIntruder(home, (liar) => body(home, red, liar));
    assert.is(home.process.exitCode, null);
  });
}

/** A row about red whose beacon nobody ever made. */
function rowOf({ binding }: Intruder, round: number): SummaryRow {
  return {
    tag: tagOf(RED, binding),
    ...{ rootVersion: 1n, lineage: 0n, rank: 0, epoch: 10n ** 9n + BigInt(round), tick: 0 },
    ...{ beacon: digestOf(toUtf8(`beacon ${round}`)), contents: '0'.repeat(16) },
  };
}

/** True once the audit log says that of the liar. */
function isNoted(home: DaemonProcess, { node }: Intruder, code: string): true | undefined {
  const peer = node.peerId.toString();
  const noted = auditOf(home).some(({ fields }) => fields.peer === peer && fields.code === code);
  return noted ? true : undefined;
}

lying('in its summary, and silent when asked, holds nobody up and is noted', async () => {
  await withLiar(async (home, red, liar) => {
    liar.say({ kind: 'summary', rows: [rowOf(liar, 0)] });
    await checkServed(home, red, 'while-it-is-silent');
    const unanswered = () => isNoted(home, liar, 'want-unanswered');
    await eventually('the silence is noted', unanswered, 20_000);
    assert.is(await peersOf(home, DOMAIN), 1, 'what nobody can prove costs no place');
    await checkServed(home, red, 'after');
  });
});

lying('by offers without end is asked for little, and others are served', async () => {
  await withLiar(async (home, red, liar) => {
    for (let round = 0; round < ROUNDS; round++) {
      liar.say({ kind: 'summary', rows: [rowOf(liar, round)] });
    }
    await checkServed(home, red, 'during');
    await eventually('it is noted', () => isNoted(home, liar, 'want-unanswered'), 20_000);
    assert.is(await peersOf(home, DOMAIN), 1);
  });
});

lying('about what it may pass on loses its place at the third', async () => {
  await withLiar(async (home, red, liar) => {
    const before = auditOf(home).length;
    const bytes = forgeEntries();
    for (let i = 0; i < 2; i++) liar.say({ kind: 'envelope', bytes });
    await eventually('it is noted', () => isNoted(home, liar, 'document-secret'));
    assert.is(await peersOf(home, DOMAIN), 1);
    liar.say({ kind: 'envelope', bytes });
    await eventually('it lost its place', async () =>
      (await peersOf(home, DOMAIN)) === 0 ? true : undefined,
    );
    const admitted = auditOf(home).slice(before);
    assert.not.ok(admitted.some(({ event }) => event === 'document.admitted'));
    await checkServed(home, red, 'after');
  });
});

lying.run();
