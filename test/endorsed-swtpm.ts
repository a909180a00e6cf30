/**
 * An swtpm as a maker would sell it: endorsement certificates in its NV memory, issued by an
 * authority that was made for it and is thrown away with it.
 */

import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toHex } from '../core/bytes.ts';
import type { EccPoint } from '../core/ciphers.ts';
import { type TemporaryFolder, temporaryFolder } from './folder.ts';
import { Swtpm } from './swtpm.ts';

/** What has to be installed for it. */
export const ENDORSING_PROGRAMS = ['swtpm', 'swtpm_setup', 'swtpm_localca', 'swtpm_cert'];

/** PCR banks that are switched on: SHA-1 too, so that tests can offer it. */
const BANKS = 'sha1,sha256,sha384';

/** The authority of one chip, as PEM files. */
export interface MakerFiles {
  readonly root: string;
  readonly intermediate: string;
}

/** Writes the state of a new chip into `folder`, and its authority beside it. */
export async function endorse(folder: TemporaryFolder): Promise<MakerFiles> {
  const authority = folder.file('maker');
  await mkdir(authority);
  const inside = (name: string): string => `${authority}/${name}`;
  await writeFile(
    inside('authority.conf'),
    [
      `statedir = ${authority}`,
      `signingkey = ${inside('signkey.pem')}`,
      `issuercert = ${inside('issuercert.pem')}`,
      `certserial = ${inside('certserial')}`,
      '',
    ].join('\n'),
  );
  await writeFile(inside('options'), '--platform-manufacturer Test --platform-model Edge\n');
  await writeFile(
    inside('setup.conf'),
    [
      `create_certs_tool = ${whereIs('swtpm_localca')}`,
      `create_certs_tool_config = ${inside('authority.conf')}`,
      `create_certs_tool_options = ${inside('options')}`,
      `active_pcr_banks = ${BANKS}`,
      '',
    ].join('\n'),
  );
  execFileSync('swtpm_setup', [
    ...['--tpm2', '--tpmstate', `dir://${folder.path}`, '--config', inside('setup.conf')],
    ...['--create-ek-cert', '--lock-nvram', '--vmid', 'test', '--logfile', inside('log')],
  ]);
  return { root: inside('swtpm-localca-rootca-cert.pem'), intermediate: inside('issuercert.pem') };
}

/** A running chip with its authority. */
export async function startEndorsed(): Promise<{ chip: Swtpm; maker: MakerFiles }> {
  const folder = await temporaryFolder();
  const maker = await endorse(folder);
  return { chip: await Swtpm.start(folder), maker };
}

/** Both certificates of an authority in one file, as a verifier who trusts it would keep them. */
export async function trustFile(maker: MakerFiles, path: string): Promise<string> {
  await writeFile(path, `${await readFile(maker.root)}${await readFile(maker.intermediate)}`);
  return path;
}

/**
 * Another certificate for a P-384 endorsement key by the same authority: of any maker, and valid
 * from now for some days (those of swtpm itself never end).
 */
export async function certifyAnew(
  { root, intermediate }: MakerFiles,
  { x, y }: EccPoint,
  { maker, days }: { readonly maker: string; readonly days: number },
): Promise<Uint8Array> {
  const folder = dirname(root);
  const certificate = `${folder}/anew.der`;
  execFileSync('swtpm_cert', [
    ...['--tpm2', '--type', 'ek', '--subject', 'CN=anew', '--days', String(days)],
    ...['--ecc-curveid', 'secp384r1', '--ecc-x', toHex(x), '--ecc-y', toHex(y)],
    ...['--tpm-manufacturer', maker, '--tpm-model', 'M', '--tpm-version', 'id:00010002'],
    ...['--signkey', `${folder}/signkey.pem`, '--issuercert', intermediate],
    ...['--tpm-spec-family', '2.0', '--tpm-spec-level', '0', '--tpm-spec-revision', '164'],
    ...['--out-cert', certificate],
  ]);
  return new Uint8Array(await readFile(certificate));
}

function whereIs(program: string): string {
  return execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
}
