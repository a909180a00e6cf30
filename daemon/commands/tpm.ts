/** `holdfast tpm`: the chip of this machine, as it describes itself. */

import type { LockoutState } from '../../firmware/tpm-state.ts';
import { openClock } from '../host/clock.ts';
import { formatDuration } from '../text/duration.ts';
import { hexText } from '../text/hex-number.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';
import { type CertificateStatus, type ChipStatus, readChipStatus } from '../tpm/chip-status.ts';
import { describeLockoutEnd } from '../tpm/lockout.ts';
import { formatTpmAddress } from '../tpm/tpm-address.ts';
import { withTpm } from '../tpm/with-tpm.ts';
import { parseTpm, TPM_OPTIONS, TPM_USAGE } from './attest-options.ts';
import { pcrsText } from './attest-print.ts';
import { type Command, type CommandContext, EXIT_DONE, parseLine, runAction } from './command.ts';
import { factsText, jsonText } from './print.ts';

const USAGE = `\
Usage: holdfast tpm status [--tpm WHERE] [--json]

Shows what a TPM says of itself: its maker, PCR banks, whether it is locked and
until when, clock and counters, and the certificates that its maker left.
Nothing is changed and no password is tried. None of it is proof: see holdfast
attest.

${TPM_USAGE}\
  --json                  print facts for machines, every property included
`;

export const command: Command = {
  name: 'tpm',
  summary: 'show the TPM: banks, lockout, counters, certificates',
  usage: USAGE,
  run: (context) => runAction(context, { status }),
};

async function status(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, { ...TPM_OPTIONS, json: { type: 'boolean' } });
  const address = parseTpm(values.tpm);
  const clock = openClock();
  const chip = await withTpm(address, clock, (tpm) => readChipStatus(tpm, clock.now().wall));
  const where = formatTpmAddress(address);
  context.write(values.json ? jsonText(viewOf(chip, where)) : statusText(chip, where));
  return EXIT_DONE;
}

function statusText(chip: ChipStatus, where: string): string {
  return factsText([
    ['TPM', where],
    ['maker', `${chip.maker} ${chip.vendor} (TPM 2.0, revision ${chip.revision})`],
    ['grade', chip.grade === 'tpm' ? 'tpm' : 'vtpm: somebody keeps its state in a file'],
    ['firmware', hexText(chip.firmwareVersion)],
    ['banks', chip.banks.map(({ bank, pcrs }) => `${bank} ${pcrsText(pcrs)}`).join('; ') || 'none'],
    ['lockout', describeLockoutEnd(chip.lockoutEnd)],
    ['guesses', guessesText(chip.lockout)],
    ['secrets set', chip.secrets.join(', ') || 'none'],
    ['clock', clockText(chip)],
    ['counters', countersText(chip)],
    ...chip.certificates.map((each) => ['certificate', certificateText(each)] as const),
    ...(chip.certificates.length === 0 ? [['certificate', 'none'] as const] : []),
    ['persistent', chip.persistent.map((handle) => hexText(handle)).join(' ') || 'nothing'],
    ['NV indices', String(chip.nvIndices)],
  ]);
}

function guessesText({ failures, failuresMax, intervalS }: LockoutState): string {
  if (intervalS === 0) return 'not counted';
  return `${failures} of ${failuresMax} counted, one forgiven in ${formatDuration(intervalS * 1000)}`;
}

function clockText({ clock }: ChipStatus): string {
  const ran = formatDuration(Number(clock.clockMs));
  const safe = clock.safe ? '' : ', not yet past what it may have shown before a power cut';
  return `${ran} powered, ${clock.resetCount} resets, ${clock.restartCount} restarts${safe}`;
}

function countersText({ counters }: ChipStatus): string {
  const texts = counters.map(({ handle, value, isGeneration }) => {
    const name = isGeneration ? ' (generation of our state)' : '';
    return `${hexText(handle)} = ${value ?? 'not readable without a password'}${name}`;
  });
  return texts.join('; ') || 'none';
}

function certificateText(certificate: CertificateStatus): string {
  if ('trouble' in certificate) return `${certificate.kind}: ${certificate.trouble}`;
  const { maker, model, version, notAfter, endorsement } = certificate.claims;
  const made = [maker, model, version].filter((text) => text !== '').join(' ');
  const key = endorsement ?? 'of an unknown algorithm';
  return `${certificate.kind}: ${made}, until ${formatRfc3339(notAfter)}, key ${key}`;
}

function viewOf(chip: ChipStatus, where: string): unknown {
  const { clock, lockout, properties } = chip;
  return {
    ...chip,
    tpm: where,
    firmwareVersion: String(chip.firmwareVersion),
    clock: { ...clock, clockMs: String(clock.clockMs) },
    lockout: { ...lockout, lockedUntil: lockedUntil(chip) },
    lockoutEnd: undefined,
    counters: chip.counters.map(({ handle, value, isGeneration }) => ({
      handle: hexText(handle),
      value: value === null ? null : String(value),
      isGeneration,
    })),
    certificates: chip.certificates.map(certificateView),
    persistent: chip.persistent.map((handle) => hexText(handle)),
    properties: Object.fromEntries(
      [...properties].map(([name, value]) => [hexText(name), hexText(value)]),
    ),
  };
}

/** Null while it is open; `never` if it does not end by itself. */
function lockedUntil({ lockoutEnd: end }: ChipStatus): string | null {
  if (end.kind === 'open') return null;
  return end.kind === 'never' ? 'never' : formatRfc3339(end.at);
}

function certificateView(certificate: CertificateStatus): unknown {
  if ('trouble' in certificate) return certificate;
  const { notBefore, notAfter, ...claims } = certificate.claims;
  return {
    kind: certificate.kind,
    ...claims,
    notBefore: formatRfc3339(notBefore),
    notAfter: formatRfc3339(notAfter),
  };
}
