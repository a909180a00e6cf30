/**
 * The configuration: one TOML file, every key checked, unknown keys refused.
 *
 * A key that is silently ignored is a setting that somebody believes in. The same checks
 * (keys.ts) judge the file and the command line. Absent keys keep their defaults, so an
 * empty file is a whole configuration.
 */

import { parse as parseToml, TomlError } from 'smol-toml';
import { fromUtf8 } from '../../core/bytes.ts';
import * as limits from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import type { DefaultPaths } from '../host/environment.ts';
import { TPM_DEVICE } from '../host/tpm-device.ts';
import { durationText } from '../text/duration.ts';
import { nearestName } from '../text/nearest-name.ts';
import { type Config, KEYS } from './keys.ts';

const NAMES = Object.keys(KEYS) as (keyof Config)[];
const SECTIONS = new Set(
  Object.values(KEYS).flatMap(({ toml }) => (toml.includes('.') ? [toml.split('.')[0]] : [])),
);

/** The configuration of an empty file. */
export function defaultConfig(paths: DefaultPaths): Config {
  return {
    trustDomain: parseTrustDomain('home.example'),
    role: 'authority',
    statePath: paths.state,
    controlSocket: paths.controlSocket,
    workloadSocket: paths.workloadSocket,
    listen: ['/ip4/127.0.0.1/tcp/7717'],
    peers: [],
    slowNetworks: [],
    transmits: true,
    slowRate: limits.SLOW_RATE,
    freshForMs: limits.FRESH_FOR_MS,
    degradedForMs: limits.DEGRADED_FOR_MS,
    survivalForMs: limits.SURVIVAL_FOR_MS,
    tickPeriodMs: limits.TICK_PERIOD_MS,
    minEpochMs: limits.MIN_EPOCH_MS,
    svidTtlMs: limits.SVID_TTL_MS,
    endpointListen: null,
    endpointProfile: 'https_spiffe',
    endpointCertificate: null,
    endpointKey: null,
    webRoots: null,
    timeTrust: 'person',
    metricsListen: null,
    tpmUse: 'auto',
    tpmAddress: { kind: 'device', path: TPM_DEVICE },
    tpmEventLog: null,
    ekRoots: null,
    ekAllowed: null,
    ekIntermediates: null,
    controlListen: null,
    controlGroup: null,
    observers: [],
    auditors: [],
    operators: [],
    admins: [],
    secondPerson: false,
    logFormat: 'text',
    logLevel: 'info',
  };
}

/**
 * Reads a configuration file. Refuses `too-large`, `bad-encoding`, `config-syntax` with the line,
 * `config-key-unknown` with the nearest key there is, and `config-value` with what is taken.
 */
export function parseConfig(bytes: Uint8Array, defaults: Config): Config {
  if (bytes.length > limits.CONFIG_BYTES_MAX) {
    throw new Refusal('too-large', { limit: limits.CONFIG_BYTES_MAX, got: bytes.length });
  }
  return overrideConfig(defaults, flatten(readToml(fromUtf8(bytes))));
}

/**
 * `config` with the settings of `raw`, which are named as in TOML (`paths.state`). Command-line
 * options pass through here too. Refuses `config-key-unknown` and `config-value`.
 */
export function overrideConfig(config: Config, raw: ReadonlyMap<string, unknown>): Config {
  const changed = [...raw].map(([toml, value]) => {
    const name = NAMES.find((candidate) => KEYS[candidate].toml === toml);
    if (name === undefined) throw unknownKey(toml);
    return [name, readValue(name, value)] as const;
  });
  const merged: Config = { ...config, ...Object.fromEntries(changed) };
  checkOrder(merged);
  checkEndpoint(merged);
  checkControl(merged);
  checkMute(merged);
  return merged;
}

/** A certificate and its key come with the profile that shows them, and with no other. */
function checkEndpoint(config: Config): void {
  const isWeb = config.endpointListen !== null && config.endpointProfile === 'https_web';
  for (const name of ['endpointCertificate', 'endpointKey'] as const) {
    if ((config[name] !== null) === isWeb) continue;
    const { toml: key, takes } = KEYS[name];
    const expected = isWeb ? takes : 'nothing: only an https_web endpoint shows a file';
    throw new Refusal('config-value', { key, expected, got: config[name] ?? 'nothing' });
  }
}

/** A member issues nothing that it could show to whoever connects. */
function checkControl({ controlListen, role }: Config): void {
  if (controlListen === null || role === 'authority') return;
  const { toml: key, takes: expected } = KEYS.controlListen;
  throw new Refusal('config-value', { key, expected, got: `an address at a ${role}` });
}

/** Whoever must not transmit is not to be told, by mistake, to dial or to answer. */
function checkMute(config: Config): void {
  if (config.transmits) return;
  const answers = (['endpointListen', 'controlListen'] as const).find((name) => config[name]);
  const name = config.peers.length > 0 ? 'peers' : answers;
  if (name === undefined) return;
  const expected = `true, for ${KEYS[name].toml} is set`;
  throw new Refusal('config-value', { key: KEYS.transmits.toml, expected, got: 'false' });
}

function readValue(name: keyof Config, raw: unknown): Config[keyof Config] {
  const { toml, takes, read } = KEYS[name];
  const value = read(raw);
  if (value === undefined) {
    throw new Refusal('config-value', { key: toml, expected: takes, got: shown(raw) });
  }
  return value;
}

/** PROTOCOL §4.5: limits grow, and freshness outlasts a few lost ticks. */
function checkOrder(config: Config): void {
  const refuse = (name: keyof Config, leastMs: number): never => {
    const expected = `at least ${durationText(leastMs)}`;
    const got = durationText(config[name] as number);
    throw new Refusal('config-value', { key: KEYS[name].toml, expected, got });
  };
  const ticks = limits.FRESH_PERIODS_MIN * config.tickPeriodMs;
  if (config.freshForMs < ticks) refuse('freshForMs', ticks);
  if (config.degradedForMs < config.freshForMs) refuse('degradedForMs', config.freshForMs);
  if (config.survivalForMs < config.degradedForMs) refuse('survivalForMs', config.degradedForMs);
}

function readToml(text: string): Readonly<Record<string, unknown>> {
  try {
    return parseToml(text, { maxDepth: limits.JSON_DEPTH_MAX, unsafeKeyBehaviour: 'throw' });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [why = ''] = error.message.split('\n');
    throw new Refusal('config-syntax', { line: error.line, column: error.column, why });
  }
}

/** Tables opened one level: `[paths] state` becomes `paths.state`. */
function flatten(table: Readonly<Record<string, unknown>>): ReadonlyMap<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [name, value] of Object.entries(table)) {
    const inner = isTable(value) ? Object.entries(value) : [];
    // An empty table sets nothing, but its name has to be one that we know.
    if (inner.length === 0 && !(isTable(value) && SECTIONS.has(name))) flat.set(name, value);
    for (const [leaf, setting] of inner) flat.set(`${name}.${leaf}`, setting);
  }
  return flat;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === '[object Object]';
}

function unknownKey(toml: string): Refusal {
  const known = Object.values(KEYS).map((key) => key.toml);
  const nearest = nearestName(toml, known) ?? '';
  return new Refusal('config-key-unknown', { key: toml.slice(0, 64), nearest });
}

function shown(raw: unknown): string {
  return typeof raw === 'string' ? raw.slice(0, 64) : String(JSON.stringify(raw)).slice(0, 64);
}
