/**
 * The window's end of the control socket, against servers that are right, gone, strange or of
 * another version. Times run fast: the timers of a test wait a thirtieth of what is asked.
 */

import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../core/failure.ts';
import { Client } from '../../tui/client.ts';
import type { Timers } from '../../tui/host.ts';
import type { Message } from '../../tui/model.ts';
import { eventually } from '../daemon/live.ts';
import { openFakeDaemon, STATUS } from '../fakes/fake-daemon.ts';
import { temporaryFolder } from '../folder.ts';
import { EVENT } from './states.ts';

const client = suite('tui/client');

const HASTE = 30;

const hasty: Timers = {
  nowMs: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms / HASTE);
    return () => clearTimeout(timer);
  },
};

/** Runs `use` with a client of a socket in a folder of its own, and what it tells. */
async function watching(
  use: (path: string, window: Client, heard: Message[]) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const path = folder.file('control.sock');
  const heard: Message[] = [];
  const window = new Client({ path, timers: hasty, tell: (message) => heard.push(message) });
  try {
    await use(path, window, heard);
  } finally {
    window.close();
  }
}

const kinds = (heard: readonly Message[]): readonly string[] => heard.map(({ kind }) => kind);

client('tells everything once it is connected', () =>
  watching(async (path, window, heard) => {
    const daemon = await openFakeDaemon(path);
    await window.open();
    await daemon.close();
    assert.equal(kinds(heard), ['status', 'caller', 'audit', 'ceremonies', 'fetched', 'entries']);
  }),
);

client('asks again when something changed, and for entries when they did', () =>
  watching(async (path, window, heard) => {
    const daemon = await openFakeDaemon(path);
    await window.open();
    heard.length = 0;
    daemon.notify({ method: 'event', params: EVENT });
    await eventually('all of it', () => (heard.length >= 4 ? heard : undefined));
    await daemon.close();
    const first = kinds(heard)
      .filter((kind) => kind !== 'fetched')
      .slice(0, 3);
    assert.equal(first.sort(), ['entries', 'event', 'status']);
  }),
);

client('asks once for a burst of changes, and once more after it', () =>
  watching(async (path, window, heard) => {
    let asked = 0;
    const status = async () => {
      asked += 1;
      return STATUS;
    };
    const daemon = await openFakeDaemon(path, { status });
    await window.open();
    for (let i = 0; i < 50; i++) daemon.notify({ method: 'changed', params: {} });
    await eventually('the last status', () => (heard.length >= 5 ? heard : undefined));
    await daemon.close();
    assert.ok(asked <= 4, `asked ${asked} times`);
  }),
);

client('says that the daemon is gone, and comes back by itself', () =>
  watching(async (path, window, heard) => {
    const first = await openFakeDaemon(path);
    await window.open();
    await first.close();
    await eventually('the loss', () => kinds(heard).includes('lost') || undefined);
    heard.length = 0;
    const second = await openFakeDaemon(path);
    await eventually('its return', () => kinds(heard).includes('audit') || undefined);
    await second.close();
  }),
);

client('makes every text printable before it is told', () =>
  watching(async (path, window, heard) => {
    const evil = { ...STATUS, domain: 'a\u001b[2Jb' };
    const daemon = await openFakeDaemon(path, { status: async () => evil });
    await window.open();
    await daemon.close();
    const [told] = heard;
    assert.is(told?.kind === 'status' ? told.status.domain : '', 'a\\u{1b}[2Jb');
  }),
);

const refused = async (window: Client): Promise<string> => {
  try {
    await window.open();
  } catch (error) {
    if (error instanceof Failure && error.code === 'daemon-unreachable') return error.message;
    throw error;
  }
  throw new Error('it connected');
};

client('says so where no daemon is', () =>
  watching(async (path, window) => {
    assert.is(
      await refused(window),
      `no daemon answers at ${path}; start one with: holdfast start`,
    );
  }),
);

client('asks a daemon of another series for its status alone', () =>
  watching(async (path, window, heard) => {
    const status = async () => ({ ...STATUS, version: '7.3.0', moons: 2 });
    const daemon = await openFakeDaemon(path, { status });
    await window.open();
    daemon.notify({ method: 'event', params: EVENT });
    await eventually('the status', () => (heard.length >= 2 ? heard : undefined));
    await daemon.close();
    assert.equal([...new Set(kinds(heard))], ['status']);
  }),
);

client('says which version a daemon has whose status it cannot draw', () =>
  watching(async (path, window) => {
    const [own] = STATUS.domains;
    const domains = [{ ...own, ageMs: 'young' }] as unknown as typeof STATUS.domains;
    const status = async () => ({ ...STATUS, version: '7.3.0', domains });
    const daemon = await openFakeDaemon(path, { status });
    const why = await refused(window);
    await daemon.close();
    assert.match(why, /is of version 7\.3\.0, this window of 0\./);
  }),
);

client('gives up on a daemon that hangs', () =>
  watching(async (path, window) => {
    const status = () => new Promise<never>(() => undefined);
    const daemon = await openFakeDaemon(path, { status });
    const why = await refused(window);
    await daemon.close();
    assert.is(why, 'the daemon does not answer');
  }),
);

const strangers: readonly (readonly [string, () => Server])[] = [
  ['speaks no HTTP', () => createServer((socket) => socket.resume().end('SSH-2.0-x\r\n'))],
  ['says nothing', () => createServer((socket) => socket.resume())],
  ['is a web server', () => createHttpServer((_request, response) => response.end('hello'))],
];
for (const [what, open] of strangers) {
  client(`says that what ${what} is no daemon`, () =>
    watching(async (path, window) => {
      const server = open();
      await new Promise<void>((resolve) => server.listen(path, resolve));
      const why = await refused(window);
      await new Promise((resolve) => server.close(resolve));
      assert.match(why, /is no holdfast daemon$/);
    }),
  );
}

client.run();
