/**
 * Every configuration key there is: its name in TOML, its meaning, and the check that makes its
 * value. This table is the reference of the configuration; nothing repeats it.
 */

import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import * as limits from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { parseSpiffeId, parseTrustDomain, type TrustDomain } from '../../core/spiffe-id.ts';
import type { TpmAddress } from '../host/open-tpm.ts';
import {
  isDialAddress,
  isListenAddress,
  isLoopback,
  type ListenAddress,
  parseListenAddress,
} from '../text/address.ts';
import { durationText, parseDuration } from '../text/duration.ts';
import { parseTpmAddress } from '../tpm/tpm-address.ts';

/** A whole, checked configuration. Times in milliseconds, paths absolute. */
export interface Config {
  readonly trustDomain: TrustDomain;
  /** An authority founds and signs for its domain; a member belongs to one by a lease. */
  readonly role: 'authority' | 'member';
  readonly statePath: string;
  readonly controlSocket: string;
  readonly workloadSocket: string;
  /** Multiaddrs to listen at; none means that this node only dials. */
  readonly listen: readonly string[];
  /** Multiaddrs to stay linked with. */
  readonly peers: readonly string[];
  /** Without it no socket of a network is opened: whatever is new comes by files. */
  readonly transmits: boolean;
  /** IP networks that lie behind slow links. */
  readonly slowNetworks: readonly string[];
  /** What those links carry, in bits a second. */
  readonly slowRate: number;
  readonly freshForMs: number;
  readonly degradedForMs: number;
  readonly survivalForMs: number;
  readonly tickPeriodMs: number;
  readonly minEpochMs: number;
  readonly svidTtlMs: number;
  /** Where our bundle endpoint listens; null where there is none. */
  readonly endpointListen: ListenAddress | null;
  readonly endpointProfile: 'https_spiffe' | 'https_web';
  /** PEM files of the endpoint's certificate and key; null where the profile is `https_spiffe`. */
  readonly endpointCertificate: string | null;
  readonly endpointKey: string | null;
  /** Whose word for the date is taken after a boot, beside that of the nodes of the domain. */
  readonly timeTrust: 'person' | 'kernel';
  /** PEM file of roots that partners of `https_web` are known by; null for the runtime's. */
  readonly webRoots: string | null;
  /** Where metrics are scraped: a socket's path or an address of the loopback; null for nowhere. */
  readonly metricsListen: string | ListenAddress | null;
  /** Whether keys go into a chip: where one works, in any case, or not at all. */
  readonly tpmUse: 'auto' | 'required' | 'never';
  readonly tpmAddress: TpmAddress;
  /** Firmware's log of measurements; null for the kernel's own, or none for an emulator. */
  readonly tpmEventLog: string | null;
  /** PEM files of makers whose chips are trusted; null where none is by its certificate. */
  readonly ekRoots: string | null;
  /** List of endorsement keys that are trusted, and enrol without a person; null for none. */
  readonly ekAllowed: string | null;
  /** PEM file that travels with the certificate of our endorsement key; null for none. */
  readonly ekIntermediates: string | null;
  /** Where commands of other machines are answered; null for nowhere. */
  readonly controlListen: ListenAddress | null;
  /** Group that may open the control socket; null where roles or the owner alone decide. */
  readonly controlGroup: string | null;
  /** Who has which role, as `user:NAME`, `uid:N`, `group:NAME`, `gid:N` or a SPIFFE ID. */
  readonly observers: readonly string[];
  readonly auditors: readonly string[];
  readonly operators: readonly string[];
  readonly admins: readonly string[];
  /** True where who brought a proposal may not bring further signatures. */
  readonly secondPerson: boolean;
  readonly logFormat: 'text' | 'json';
  /** The least that is worth a line. */
  readonly logLevel: 'info' | 'warn';
}

/** One setting: its name in TOML, its meaning, and the check that makes its value. */
interface Key<Name extends keyof Config> {
  readonly toml: string;
  readonly means: string;
  /** What is taken, in words, for the refusal. */
  readonly takes: string;
  /** The checked value, or undefined if `raw` is not one. */
  readonly read: (raw: unknown) => Config[Name] | undefined;
}

type Keys = { readonly [Name in keyof Config]: Key<Name> };

/** Every key there is. */
export const KEYS: Keys = {
  trustDomain: {
    toml: 'trust_domain',
    means: 'the trust domain that this node belongs to; fixed once the state folder is made',
    takes: 'a SPIFFE trust domain name',
    read: (raw) => (typeof raw === 'string' ? trustDomainOf(raw) : undefined),
  },
  role: {
    toml: 'node.role',
    means: 'whether this node founds and signs for its domain; fixed once the state folder is made',
    takes: 'authority or member',
    read: (raw) => (raw === 'authority' || raw === 'member' ? raw : undefined),
  },
  svidTtlMs: {
    toml: 'svid_ttl',
    means: 'life of an X509-SVID whose entry names none',
    ...durationBetween(limits.SVID_TTL_MS_MIN, limits.SVID_TTL_MS_MAX),
  },
  statePath: {
    toml: 'paths.state',
    means: 'folder of the state: records, keys, audit log',
    takes: 'an absolute path',
    read: (raw) => (isPath(raw) ? raw : undefined),
  },
  controlSocket: { toml: 'paths.control_socket', means: 'socket of the commands', ...socketPath() },
  workloadSocket: {
    toml: 'paths.workload_socket',
    means: 'socket of the SPIFFE Workload API',
    ...socketPath(),
  },
  listen: {
    toml: 'network.listen',
    means: 'where other nodes can reach this one; loopback alone unless changed',
    ...addressList('/ip4/ADDRESS/tcp/PORT', isListenAddress),
  },
  peers: {
    toml: 'network.peers',
    means: 'nodes to stay linked with',
    ...addressList('/ip4/ADDRESS/tcp/PORT or /dns4/NAME/tcp/PORT', isDialAddress),
  },
  transmits: {
    toml: 'network.transmit',
    means: 'whether anything may leave by a network; without it news comes by files alone',
    takes: 'true or false',
    read: (raw) => (typeof raw === 'boolean' ? raw : undefined),
  },
  slowNetworks: {
    toml: 'network.slow',
    means: 'hosts behind slow links: no gossip with them, ticks in batches, and half of the link',
    takes: `a list of at most ${limits.ADDRESSES_MAX} networks such as 192.0.2.7 or 192.0.2.0/24`,
    read: (raw) =>
      Array.isArray(raw) && raw.length <= limits.ADDRESSES_MAX && raw.every(isIpNetwork)
        ? raw
        : undefined,
  },
  slowRate: {
    toml: 'network.slow_rate',
    means: 'bits a second that a slow link carries',
    takes: `a whole number from ${limits.SLOW_RATE_MIN} to ${limits.SLOW_RATE_MAX}`,
    read: rateOf,
  },
  freshForMs: {
    toml: 'limits.fresh_for',
    means: 'age at which evidence stops being FRESH; at least three tick periods',
    ...durationBetween(
      limits.FRESH_PERIODS_MIN * limits.TICK_PERIOD_MS_MIN,
      limits.FRESH_CEILING_MS,
    ),
  },
  degradedForMs: {
    toml: 'limits.degraded_for',
    means: 'age at which it falls to SURVIVAL; not below fresh_for',
    ...durationBetween(1, limits.DEGRADED_CEILING_MS),
  },
  survivalForMs: {
    toml: 'limits.survival_for',
    means: 'age at which it is EXPIRED; not below degraded_for',
    ...durationBetween(1, limits.SURVIVAL_CEILING_MS),
  },
  tickPeriodMs: {
    toml: 'limits.tick_period',
    means: 'time between two ticks of this authority',
    ...durationBetween(limits.TICK_PERIOD_MS_MIN, limits.TICK_PERIOD_MS_MAX),
  },
  minEpochMs: {
    toml: 'limits.min_epoch',
    means: 'shortest mean time between two epochs; fixed once the domain is made',
    ...durationBetween(limits.MIN_EPOCH_MS_MIN, limits.MIN_EPOCH_MS_MAX),
  },
  endpointListen: {
    toml: 'bundle_endpoint.listen',
    means: 'where anybody may fetch our SPIFFE bundle; nowhere unless set',
    takes: 'an address such as /ip4/ADDRESS/tcp/PORT',
    read: (raw) => (typeof raw === 'string' ? parseListenAddress(raw) : undefined),
  },
  endpointProfile: {
    toml: 'bundle_endpoint.profile',
    means: 'how the endpoint proves who it is (SPIFFE Federation §5.2)',
    takes: 'https_spiffe or https_web',
    read: (raw) => (raw === 'https_spiffe' || raw === 'https_web' ? raw : undefined),
  },
  endpointCertificate: {
    toml: 'bundle_endpoint.certificate',
    means: 'PEM file of the certificate chain of https_web; read anew when it changes',
    takes: 'an absolute path, for https_web alone',
    read: (raw) => (isPath(raw) ? raw : undefined),
  },
  endpointKey: {
    toml: 'bundle_endpoint.key',
    means: 'PEM file of its key, for its owner alone',
    takes: 'an absolute path, for https_web alone',
    read: (raw) => (isPath(raw) ? raw : undefined),
  },
  timeTrust: {
    toml: 'time.trust',
    means: 'whose word for the date is taken after a boot where no node answers',
    takes: 'person, or kernel where its clock is steered by somebody that you trust',
    read: (raw) => (raw === 'person' || raw === 'kernel' ? raw : undefined),
  },
  webRoots: {
    toml: 'federation.web_roots',
    means: 'PEM file of roots that partners of https_web are known by; read anew at each poll',
    takes: 'an absolute path',
    read: (raw) => (isPath(raw) ? raw : undefined),
  },
  metricsListen: {
    toml: 'metrics.listen',
    means: 'where metrics may be scraped; nowhere unless set',
    takes: 'an absolute path for a socket, or /ip4/127.0.0.1/tcp/PORT',
    read: metricsPlaceOf,
  },
  tpmUse: {
    toml: 'tpm.use',
    means: 'whether keys are sealed by a TPM: where one works, in any case, or not at all',
    takes: 'auto, required or never',
    read: (raw) => (raw === 'auto' || raw === 'required' || raw === 'never' ? raw : undefined),
  },
  tpmAddress: {
    toml: 'tpm.address',
    means: 'where the TPM is; one daemon for each',
    takes: 'a device such as /dev/tpmrm0, swtpm:unix:PATH or swtpm:tcp:HOST:PORT',
    read: (raw) => (typeof raw === 'string' ? parseTpmAddress(raw) : undefined),
  },
  tpmEventLog: {
    toml: 'tpm.event_log',
    means: 'the measurement log of the firmware, where it is not the kernel’s own',
    takes: 'an absolute path',
    read: (raw) => (isPath(raw) ? raw : undefined),
  },
  ekRoots: {
    toml: 'enrolment.ek_roots',
    means: 'PEM file with roots of makers whose chips are trusted, at an authority',
    takes: 'an absolute path',
    read: (raw) => (isPath(raw) ? raw : undefined),
  },
  ekAllowed: {
    toml: 'enrolment.ek_allowed',
    means: 'list of endorsement keys that are trusted and enrol without a person, at an authority',
    takes: 'an absolute path',
    read: (raw) => (isPath(raw) ? raw : undefined),
  },
  ekIntermediates: {
    toml: 'enrolment.ek_intermediates',
    means: 'PEM file with what lies between the certificate of the chip and its root, at a member',
    takes: 'an absolute path',
    read: (raw) => (isPath(raw) ? raw : undefined),
  },
  controlListen: {
    toml: 'control.listen',
    means:
      'where an authority answers commands of other machines, by mutual TLS; nowhere unless set',
    takes: 'an address such as /ip4/ADDRESS/tcp/PORT, at an authority',
    read: (raw) => (typeof raw === 'string' ? parseListenAddress(raw) : undefined),
  },
  controlGroup: {
    toml: 'control.group',
    means: 'group whose members may open the control socket; what they may do, their roles say',
    takes: 'the name of a group',
    read: (raw) => (typeof raw === 'string' && ACCOUNT_NAME.test(raw) ? raw : undefined),
  },
  observers: { toml: 'roles.observer', means: 'who may look at what is held', ...rolesList() },
  auditors: { toml: 'roles.auditor', means: 'who may read who did what, too', ...rolesList() },
  operators: { toml: 'roles.operator', means: 'who may do the work of a day, too', ...rolesList() },
  admins: {
    toml: 'roles.admin',
    means: 'who may do everything, like root and the user that the daemon runs as',
    ...rolesList(),
  },
  secondPerson: {
    toml: 'roles.second_person',
    means: 'whether somebody else than who brought a proposal has to bring its other signatures',
    takes: 'true or false',
    read: (raw) => (typeof raw === 'boolean' ? raw : undefined),
  },
  logFormat: {
    toml: 'log.format',
    means: 'how log lines are written on standard error',
    takes: 'text or json',
    read: (raw) => (raw === 'text' || raw === 'json' ? raw : undefined),
  },
  logLevel: {
    toml: 'log.level',
    means: 'the least that is worth a line there',
    takes: 'info or warn',
    read: (raw) => (raw === 'info' || raw === 'warn' ? raw : undefined),
  },
};

/** As useradd(8) makes them. */
const ACCOUNT_NAME = /^[a-z_][a-z0-9_-]{0,31}$/;
const ROLE_HOLDER = /^(?:(?:user|group):[a-z_][a-z0-9_-]{0,31}|(?:uid|gid):(?:0|[1-9][0-9]{0,9}))$/;

function rolesList() {
  return {
    takes: `a list of at most ${limits.ROLE_HOLDERS_MAX} of user:NAME, uid:N, group:NAME, gid:N, or SPIFFE IDs`,
    read: (raw: unknown): readonly string[] | undefined => {
      if (!Array.isArray(raw) || raw.length > limits.ROLE_HOLDERS_MAX) return undefined;
      return raw.every(isRoleHolder) ? raw : undefined;
    },
  };
}

function isRoleHolder(raw: unknown): raw is string {
  if (typeof raw !== 'string') return false;
  return ROLE_HOLDER.test(raw) || !(refusalOf(() => parseSpiffeId(raw)) instanceof Refusal);
}

function trustDomainOf(text: string): TrustDomain | undefined {
  const domain = refusalOf(() => parseTrustDomain(text));
  return domain instanceof Refusal ? undefined : domain;
}

function durationBetween(leastMs: number, mostMs: number) {
  return {
    takes: `a duration from ${durationText(leastMs)} to ${durationText(mostMs)}`,
    read: (raw: unknown): number | undefined => {
      const ms = typeof raw === 'string' ? parseDuration(raw) : undefined;
      return ms !== undefined && ms >= leastMs && ms <= mostMs ? ms : undefined;
    },
  };
}

function socketPath() {
  return {
    takes: `an absolute path of at most ${limits.SOCKET_PATH_BYTES_MAX} bytes`,
    read: (raw: unknown): string | undefined =>
      isPath(raw) && Buffer.byteLength(raw) <= limits.SOCKET_PATH_BYTES_MAX ? raw : undefined,
  };
}

function addressList(form: string, isAddress: (text: string) => boolean) {
  return {
    takes: `a list of at most ${limits.ADDRESSES_MAX} addresses such as ${form}`,
    read: (raw: unknown): readonly string[] | undefined => {
      if (!Array.isArray(raw) || raw.length > limits.ADDRESSES_MAX) return undefined;
      const isEach = raw.every((item) => typeof item === 'string' && isAddress(item));
      return isEach ? raw : undefined;
    },
  };
}

function metricsPlaceOf(raw: unknown): string | ListenAddress | undefined {
  const address = typeof raw === 'string' ? parseListenAddress(raw) : undefined;
  if (address !== undefined) return isLoopback(address) ? address : undefined;
  return socketPath().read(raw);
}

function isIpNetwork(raw: unknown): raw is string {
  if (typeof raw !== 'string') return false;
  const [address = '', prefix, ...rest] = raw.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return (
    /^(?:0|[1-9][0-9]{0,2})$/.test(prefix) &&
    Number.parseInt(prefix, 10) <= (family === 6 ? 128 : 32)
  );
}

function rateOf(raw: unknown): number | undefined {
  if (typeof raw !== 'number' || !Number.isInteger(raw)) return undefined;
  return raw >= limits.SLOW_RATE_MIN && raw <= limits.SLOW_RATE_MAX ? raw : undefined;
}

function isPath(raw: unknown): raw is string {
  return typeof raw === 'string' && isAbsolute(raw) && !raw.includes('\0');
}
