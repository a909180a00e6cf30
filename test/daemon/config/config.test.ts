/** The configuration: each key just inside and just outside of what it takes. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import { CONFIG_BYTES_MAX } from '../../../core/limits.ts';
import { defaultConfig, overrideConfig, parseConfig } from '../../../daemon/config/config.ts';
import { KEYS } from '../../../daemon/config/keys.ts';
import { refused } from '../../trouble.ts';

const config = suite('daemon/config/config');

const DEFAULTS = defaultConfig({
  config: '/etc/holdfast/config.toml',
  state: '/var/lib/holdfast',
  controlSocket: '/run/holdfast/control.sock',
  workloadSocket: '/run/holdfast/workload.sock',
});

const parse = (text: string) => parseConfig(toUtf8(text), DEFAULTS);

const ENDPOINT = '[bundle_endpoint]\n';
const WEB_ENDPOINT = `${ENDPOINT}listen = "/ip4/0.0.0.0/tcp/8443"
profile = "https_web"
certificate = "/c.pem"
key = "/k.pem"
`;

/** TOML of one key, and what else has to be set for its value to be in order. */
const CASES: Readonly<Record<string, { inside: string[]; outside: string[] }>> = {
  'tpm.use': {
    inside: ['[tpm]\nuse = "auto"', '[tpm]\nuse = "required"', '[tpm]\nuse = "never"'],
    outside: ['[tpm]\nuse = true', '[tpm]\nuse = "yes"', '[tpm]\nuse = ""'],
  },
  'tpm.address': {
    inside: ['[tpm]\naddress = "/dev/tpm0"', '[tpm]\naddress = "swtpm:tcp:127.0.0.1:2321"'],
    outside: ['[tpm]\naddress = ""', '[tpm]\naddress = "swtpm:/s"', '[tpm]\naddress = 1'],
  },
  'tpm.event_log': {
    inside: ['[tpm]\nevent_log = "/l"'],
    outside: ['[tpm]\nevent_log = "l"', '[tpm]\nevent_log = ""'],
  },
  trust_domain: {
    inside: ['trust_domain = "a"', `trust_domain = "${'a'.repeat(255)}"`],
    outside: ['""', '"A"', '"a/b"', `"${'a'.repeat(256)}"`, '5', 'true', '["a"]'].map(
      (value) => `trust_domain = ${value}`,
    ),
  },
  svid_ttl: {
    inside: ['svid_ttl = "5s"', 'svid_ttl = "24h"'],
    outside: ['"4999ms"', '"25h"', '3600', '"1 h"', '""', '1979-05-27'].map(
      (value) => `svid_ttl = ${value}`,
    ),
  },
  'paths.state': {
    inside: ['[paths]\nstate = "/s"', 'paths.state = "/s"', 'paths = { state = "/s" }'],
    outside: ['[paths]\nstate = "s"', '[paths]\nstate = ""', '[paths]\nstate = "/a\\u0000"'],
  },
  'paths.control_socket': {
    inside: [`[paths]\ncontrol_socket = "/${'a'.repeat(106)}"`],
    outside: [`[paths]\ncontrol_socket = "/${'a'.repeat(107)}"`, '[paths]\ncontrol_socket = "a"'],
  },
  'paths.workload_socket': {
    inside: [`[paths]\nworkload_socket = "/${'é'.repeat(53)}"`],
    outside: [`[paths]\nworkload_socket = "/${'é'.repeat(54)}"`],
  },
  'network.listen': {
    inside: [
      '[network]\nlisten = []',
      '[network]\nlisten = ["/ip4/0.0.0.0/tcp/0", "/ip6/::/tcp/1"]',
    ],
    outside: ['"/ip4/0.0.0.0/tcp/0"', '["0.0.0.0:7717"]', '[5]', '["/dns4/a/tcp/1"]', '[[]]'].map(
      (value) => `[network]\nlisten = ${value}`,
    ),
  },
  'network.transmit': {
    inside: ['[network]\ntransmit = false', '[network]\ntransmit = true'],
    outside: [
      '[network]\ntransmit = 0',
      '[network]\ntransmit = false\npeers = ["/ip4/192.0.2.7/tcp/7717"]',
      '[network]\ntransmit = false\n[bundle_endpoint]\nlisten = "/ip4/192.0.2.7/tcp/8443"',
      '[network]\ntransmit = false\n[control]\nlisten = "/ip4/192.0.2.7/tcp/7719"',
    ],
  },
  'network.slow': {
    inside: ['[network]\nslow = ["192.0.2.0/24", "198.51.100.7", "2001:db8::/128"]'],
    outside: [
      '[network]\nslow = ["192.0.2.0/33"]',
      '[network]\nslow = ["192.0.2.0/024"]',
      '[network]\nslow = ["hub.example"]',
      '[network]\nslow = "192.0.2.7"',
    ],
  },
  'network.slow_rate': {
    inside: ['[network]\nslow_rate = 300', '[network]\nslow_rate = 10000000'],
    outside: [
      '[network]\nslow_rate = 299',
      '[network]\nslow_rate = 10000001',
      '[network]\nslow_rate = 9600.5',
      '[network]\nslow_rate = "9600"',
    ],
  },
  'network.peers': {
    inside: ['[network]\npeers = ["/dns4/a.example/tcp/7717"]'],
    outside: [
      '[network]\npeers = ["/ip4/1.2.3.4/tcp/0"]',
      `[network]\npeers = [${'"/ip4/1.2.3.4/tcp/1",'.repeat(65)}]`,
    ],
  },
  'limits.fresh_for': {
    inside: ['[limits]\nfresh_for = "180s"', '[limits]\ntick_period = "1s"\nfresh_for = "3s"'],
    outside: ['[limits]\nfresh_for = "179s"', '[limits]\nfresh_for = "2999ms"'],
  },
  'limits.degraded_for': {
    inside: ['[limits]\ndegraded_for = "10m"'],
    outside: ['[limits]\ndegraded_for = "9m"', '[limits]\ndegraded_for = "31d"'],
  },
  'limits.survival_for': {
    inside: ['[limits]\nsurvival_for = "24h"', '[limits]\nsurvival_for = "30d"'],
    outside: ['[limits]\nsurvival_for = "23h"', '[limits]\nsurvival_for = "31d"'],
  },
  'limits.tick_period': {
    inside: ['[limits]\ntick_period = "1s"'],
    outside: ['[limits]\ntick_period = "999ms"', '[limits]\ntick_period = "61m"'],
  },
  'limits.min_epoch': {
    inside: ['[limits]\nmin_epoch = "10ms"', '[limits]\nmin_epoch = "1h"'],
    outside: ['[limits]\nmin_epoch = "9ms"', '[limits]\nmin_epoch = "61m"'],
  },
  'bundle_endpoint.listen': {
    inside: [`${ENDPOINT}listen = "/ip4/0.0.0.0/tcp/8443"`, `${ENDPOINT}listen = "/ip6/::/tcp/0"`],
    outside: [`${ENDPOINT}listen = "0.0.0.0:8443"`, `${ENDPOINT}listen = "/dns4/a/tcp/1"`],
  },
  'bundle_endpoint.profile': {
    inside: [`${ENDPOINT}profile = "https_spiffe"`, WEB_ENDPOINT],
    outside: [`${ENDPOINT}profile = "https"`, `${ENDPOINT}profile = true`],
  },
  'bundle_endpoint.certificate': {
    inside: [WEB_ENDPOINT],
    outside: [
      `${ENDPOINT}certificate = "/etc/cert.pem"`,
      WEB_ENDPOINT.replace('certificate = "/c.pem"\n', ''),
      WEB_ENDPOINT.replace('/c.pem', 'c.pem'),
    ],
  },
  'bundle_endpoint.key': {
    inside: [WEB_ENDPOINT],
    outside: [
      `${ENDPOINT}key = "/etc/key.pem"`,
      WEB_ENDPOINT.replace('key = "/k.pem"\n', ''),
      WEB_ENDPOINT.replace('/k.pem', 'k.pem'),
    ],
  },
  'federation.web_roots': {
    inside: ['[federation]\nweb_roots = "/r.pem"'],
    outside: ['[federation]\nweb_roots = "r.pem"', '[federation]\nweb_roots = ["/r.pem"]'],
  },
  'enrolment.ek_roots': {
    inside: ['[enrolment]\nek_roots = "/r.pem"'],
    outside: ['[enrolment]\nek_roots = "r.pem"', '[enrolment]\nek_roots = ["/r.pem"]'],
  },
  'enrolment.ek_allowed': {
    inside: ['[enrolment]\nek_allowed = "/a"'],
    outside: ['[enrolment]\nek_allowed = "a"', '[enrolment]\nek_allowed = true'],
  },
  'enrolment.ek_intermediates': {
    inside: ['[enrolment]\nek_intermediates = "/i.pem"'],
    outside: ['[enrolment]\nek_intermediates = "i.pem"', '[enrolment]\nek_intermediates = 1'],
  },
  'node.role': {
    inside: ['[node]\nrole = "authority"', '[node]\nrole = "member"'],
    outside: ['[node]\nrole = "standby"', '[node]\nrole = 1'],
  },
  'time.trust': {
    inside: ['[time]\ntrust = "kernel"', '[time]\ntrust = "person"'],
    outside: ['[time]\ntrust = "ntp"', '[time]\ntrust = true'],
  },
  'metrics.listen': {
    inside: ['[metrics]\nlisten = "/run/m.sock"', '[metrics]\nlisten = "/ip4/127.0.0.1/tcp/9464"'],
    outside: ['[metrics]\nlisten = "/ip4/0.0.0.0/tcp/9464"', '[metrics]\nlisten = "m.sock"'],
  },
  'control.listen': {
    inside: [
      '[control]\nlisten = "/ip4/192.0.2.7/tcp/7719"',
      '[control]\nlisten = "/ip6/::1/tcp/1"',
    ],
    outside: [
      ...['[control]\nlisten = "0.0.0.0:7719"', '[control]\nlisten = ""', '[control]\nlisten = 1'],
      '[control]\nlisten = "/ip4/192.0.2.7/tcp/7719"\n[node]\nrole = "member"',
    ],
  },
  'control.group': {
    inside: ['[control]\ngroup = "adm"', '[control]\ngroup = "_ops-1"'],
    outside: ['""', '"A"', '"a b"', '1', `"${'a'.repeat(33)}"`].map(
      (v) => `[control]\ngroup = ${v}`,
    ),
  },
  ...Object.fromEntries(
    ['observer', 'auditor', 'operator', 'admin'].map((role) => [
      `roles.${role}`,
      {
        inside: [
          `[roles]\n${role} = []`,
          `[roles]\n${role} = ["user:ann", "uid:1001", "group:ops", "gid:0", "spiffe://a/b"]`,
          `[roles]\n${role} = [${'"uid:1",'.repeat(64)}]`,
        ],
        outside: [
          ...['"uid:1"', '["ann"]', '["uid:01"]', '["uid:-1"]', '["user:a b"]', '["group:*"]'],
          ...['[1]', '["user:"]', '["spiffe://A/b"]', `[${'"uid:1",'.repeat(65)}]`],
        ].map((value) => `[roles]\n${role} = ${value}`),
      },
    ]),
  ),
  'roles.second_person': {
    inside: ['[roles]\nsecond_person = true', '[roles]\nsecond_person = false'],
    outside: ['[roles]\nsecond_person = "true"', '[roles]\nsecond_person = 1'],
  },
  'log.level': {
    inside: ['[log]\nlevel = "info"', '[log]\nlevel = "warn"'],
    outside: ['[log]\nlevel = "loud"', '[log]\nlevel = 1', '[log]\nlevel = ""'],
  },
  'log.format': {
    inside: ['[log]\nformat = "json"', '[log]\nformat = "text"'],
    outside: ['[log]\nformat = "JSON"', '[log]\nformat = 1'],
  },
};

config('has a case for every key', () => {
  assert.equal(
    Object.keys(CASES).sort(),
    Object.values(KEYS)
      .map(({ toml }) => toml)
      .sort(),
  );
});

for (const [key, { inside, outside }] of Object.entries(CASES)) {
  config(`takes ${key} just inside its range and refuses it just outside`, async () => {
    for (const text of inside) parse(text);
    for (const text of outside) {
      const { details } = await refused(() => parse(text), 'config-value');
      const order = details.key === 'limits.fresh_for' && key === 'limits.tick_period';
      assert.ok(details.key === key || order, `${text}: names ${details.key}`);
      assert.type(details.expected, 'string');
    }
  });
}

config('takes an empty file as the defaults, which listen on loopback alone', () => {
  assert.equal(parse(''), DEFAULTS);
  assert.equal(DEFAULTS.listen, ['/ip4/127.0.0.1/tcp/7717']);
});

config('changes what the file names and nothing else', () => {
  const text =
    'trust_domain = "blue.example"\n[limits]\nfresh_for = "5m"\n[log]\nformat = "json"\n';
  assert.equal(parse(text), {
    ...DEFAULTS,
    trustDomain: 'blue.example',
    freshForMs: 300_000,
    logFormat: 'json',
  });
});

config('refuses an unknown key anywhere, naming the nearest', async () => {
  for (const [text, key, nearest] of [
    ['trustdomain = "a"', 'trustdomain', 'trust_domain'],
    ['[network]\nlistens = []', 'network.listens', 'network.listen'],
    ['[limit]\nfresh_for = "5m"', 'limit.fresh_for', 'limits.fresh_for'],
    ['[netwerk]', 'netwerk', undefined],
    ['network = 5', 'network', undefined],
    ['[[paths]]\nstate = "/s"', 'paths', undefined],
  ] as const) {
    const { details } = await refused(() => parse(text), 'config-key-unknown');
    assert.is(details.key, key);
    if (nearest !== undefined) assert.is(details.nearest, nearest);
  }
});

config('takes an empty table that it knows', () => {
  assert.equal(parse('[limits]\n[paths]\n'), DEFAULTS);
});

config('refuses names that are special to the runtime', async () => {
  for (const name of ['__proto__', 'constructor']) {
    await refused(() => parse(`"${name}" = 1`), 'config-syntax');
    await refused(() => parse(`[limits]\n"${name}" = 1`), 'config-syntax');
  }
});

config('refuses what is no TOML, naming the line', async () => {
  for (const [text, line] of [
    ['trust_domain = "a"\ntrust_domain = "b"', 2],
    ['\n\n= 5', 3],
    ['[paths\nstate = "/s"', 1],
    ['a = "\u0001"', 1],
  ] as const) {
    const { details } = await refused(() => parse(text), 'config-syntax');
    assert.is(details.line, line, text);
  }
});

config('refuses a file above the limit, and bytes that are no UTF-8', async () => {
  const large = new Uint8Array(CONFIG_BYTES_MAX + 1).fill(0x20);
  await refused(() => parseConfig(large, DEFAULTS), 'too-large');
  parseConfig(large.subarray(1), DEFAULTS);
  await refused(() => parseConfig(Uint8Array.of(0xff), DEFAULTS), 'bad-encoding');
});

config('judges the command line by the same checks', async () => {
  const changed = overrideConfig(DEFAULTS, new Map([['paths.state', '/elsewhere']]));
  assert.is(changed.statePath, '/elsewhere');
  await refused(() => overrideConfig(DEFAULTS, new Map([['paths.state', 'x']])), 'config-value');
  await refused(() => overrideConfig(DEFAULTS, new Map([['state', '/x']])), 'config-key-unknown');
});

config.run();
