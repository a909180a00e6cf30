/**
 * `holdfast demo`: two domains, a cut cable, and what follows. Real daemons in processes of their
 * own, real sockets and signatures; only the limits are shortened to seconds.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../core/failure.ts';
import { Refusal } from '../../core/refusal.ts';
import { ControlError } from '../control/frames.ts';
import { DomainProcess } from '../demo/domain-process.ts';
import { play, type Tell } from '../demo/script.ts';
import { Workload } from '../demo/workload.ts';
import { openClock } from '../host/clock.ts';
import { type Command, type CommandContext, EXIT_DONE, EXIT_FAILED, parseLine } from './command.ts';
import { troubleLines } from './trouble.ts';

const USAGE = `\
Usage: holdfast demo [--json]

Starts two trust domains as separate daemons in a temporary folder, relates
them, has their workloads speak mutual TLS, cuts the cable between them, mends
it, withdraws an entry and replays an old beacon. Takes about half a minute and
leaves nothing behind. Exits 0 only if every step was observed.

  --json                  one JSON object a line for each step
`;

export const command: Command = {
  name: 'demo',
  summary: 'watch two domains survive a cut cable',
  usage: USAGE,
  run,
};

async function run(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, { json: { type: 'boolean' } });
  await using closing = new AsyncDisposableStack();
  const clock = openClock();
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-demo-'));
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  const start = clock.now().boot;
  const tell: Tell = (step, seen) => {
    const atSeconds = Math.round((clock.now().boot - start) / 100) / 10;
    context.write(
      values.json === true
        ? `${JSON.stringify({ atSeconds, step, seen, ok: true })}\n`
        : `${atSeconds.toFixed(1).padStart(6)} s  ${step.padEnd(16)}  ${seen}\n`,
    );
  };
  const [blue, red] = ['blue.example', 'red.example'].map((name) => {
    const domain = new DomainProcess(name, folder, clock);
    closing.defer(() => domain.stop());
    const workload = new Workload(domain.workloadSocket, clock);
    closing.defer(() => workload.close());
    return { domain, workload };
  });
  if (blue === undefined || red === undefined) return EXIT_FAILED;
  try {
    await play(
      {
        clock,
        blue: blue.domain,
        red: red.domain,
        blueWorkload: blue.workload,
        redWorkload: red.workload,
        defer: (close) => closing.defer(close),
      },
      tell,
    );
  } catch (error) {
    return failed(context, values.json === true, error);
  }
  if (values.json !== true) context.write('\nEvery step was observed.\n');
  return EXIT_DONE;
}

function failed(context: CommandContext, json: boolean, error: unknown): number {
  const known =
    error instanceof Failure || error instanceof Refusal || error instanceof ControlError;
  if (!known) throw error;
  if (json)
    context.write(`${JSON.stringify({ ok: false, code: error.code, why: error.message })}\n`);
  for (const line of troubleLines(error) ?? []) context.complain(line);
  return EXIT_FAILED;
}
