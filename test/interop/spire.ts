/**
 * A SPIRE server and agent in processes of their own, on loopback, in a temporary folder.
 *
 * Building SPIRE takes minutes, so no test does it: its binaries are looked for in the cache, or in
 * the folder that `HOLDFAST_SPIRE` names. `go install github.com/spiffe/spire/cmd/...@v1.15.3` with
 * `GOBIN` set to that folder puts them there.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast-test');
const BINARIES = process.env.HOLDFAST_SPIRE ?? CACHE;
const run = promisify(execFile);

/** Why no SPIRE can be run here, or undefined where one can. */
export function whyNoSpire(): string | undefined {
  const absent = ['spire-server', 'spire-agent'].find((name) => !existsSync(join(BINARIES, name)));
  return absent && `no ${absent} in ${BINARIES}; test/interop/spire.ts says how to build it`;
}

/** Another domain that the server federates with, by its endpoint. */
export interface FederatesWith {
  readonly domain: string;
  readonly url: string;
  readonly endpointId: string;
}

export class Spire {
  readonly domain: string;
  readonly endpointId: string;
  readonly agentSocket: string;
  readonly #folder: string;
  readonly #serverSocket: string;
  readonly #processes: ChildProcess[] = [];
  #port = 0;
  #endpointPort = 0;
  #said = '';

  constructor(domain: string, folder: string) {
    this.domain = domain;
    this.endpointId = `spiffe://${domain}/spire/server`;
    this.#folder = folder;
    this.#serverSocket = join(folder, 'server.sock');
    this.agentSocket = join(folder, 'agent.sock');
    mkdirSync(folder, { recursive: true });
  }

  get endpointUrl(): string {
    return `https://127.0.0.1:${this.#endpointPort}`;
  }

  /** Starts the server, which federates with `other`, and waits until it answers. */
  async startServer(other: FederatesWith): Promise<void> {
    this.#port = await freePort();
    this.#endpointPort = await freePort();
    const config = join(this.#folder, 'server.conf');
    writeFileSync(config, this.#serverConfig(other));
    this.#spawn('spire-server', ['run', '-config', config]);
    await this.#until('the server', async () => this.server('healthcheck'));
  }

  /** Attests an agent by a join token, and waits until its Workload API stands. */
  async startAgent(): Promise<void> {
    const id = `spiffe://${this.domain}/host`;
    const token = /Token: (\S+)/.exec(await this.server('token', 'generate', '-spiffeID', id))?.[1];
    const config = join(this.#folder, 'agent.conf');
    writeFileSync(config, this.#agentConfig());
    this.#spawn('spire-agent', ['run', '-config', config, '-joinToken', token ?? '']);
    const health = ['healthcheck', '-socketPath', this.agentSocket];
    await this.#until('the agent', () => this.#call('spire-agent', health));
  }

  /** Runs one command of the server, and returns what it prints. */
  server(...args: readonly string[]): Promise<string> {
    return this.#call('spire-server', [...args, '-socketPath', this.#serverSocket]);
  }

  /** Registers whoever runs as `uid` under the one agent. */
  async register(path: string, uid: number, federatesWith: string): Promise<void> {
    await this.server(
      ...['entry', 'create', '-parentID', `spiffe://${this.domain}/host`],
      ...['-spiffeID', `spiffe://${this.domain}${path}`, '-selector', `unix:uid:${uid}`],
      ...['-federatesWith', `spiffe://${federatesWith}`],
    );
  }

  async stop(): Promise<void> {
    for (const child of this.#processes.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  }

  async #call(program: string, args: readonly string[]): Promise<string> {
    return (await run(join(BINARIES, program), [...args])).stdout;
  }

  #spawn(program: string, args: readonly string[]): void {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    const child = spawn(join(BINARIES, program), [...args], { stdio: [...stdio] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#said = (this.#said + text).slice(-8_192);
      });
    }
    this.#processes.push(child);
  }

  async #until(what: string, isUp: () => Promise<unknown>): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await isUp();
        return;
      } catch (error) {
        if (tries > 100) throw new Error(`waited for ${what}: ${this.#said}`, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  #serverConfig({ domain, url, endpointId }: FederatesWith): string {
    return `\
server {
  bind_address = "127.0.0.1"
  bind_port = "${this.#port}"
  socket_path = "${this.#serverSocket}"
  trust_domain = "${this.domain}"
  data_dir = "${this.#folder}"
  log_level = "DEBUG"
  federation {
    bundle_endpoint {
      address = "127.0.0.1"
      port = ${this.#endpointPort}
      profile "https_spiffe" {}
    }
    federates_with "${domain}" {
      bundle_endpoint_url = "${url}"
      bundle_endpoint_profile "https_spiffe" { endpoint_spiffe_id = "${endpointId}" }
    }
  }
}
plugins {
  DataStore "sql" {
    plugin_data { database_type = "sqlite3" connection_string = "${this.#folder}/store.sqlite3" }
  }
  NodeAttestor "join_token" { plugin_data {} }
  KeyManager "memory" { plugin_data {} }
}
`;
  }

  #agentConfig(): string {
    return `\
agent {
  server_address = "127.0.0.1"
  server_port = "${this.#port}"
  socket_path = "${this.agentSocket}"
  trust_domain = "${this.domain}"
  data_dir = "${this.#folder}"
  insecure_bootstrap = true
  log_level = "DEBUG"
}
plugins {
  NodeAttestor "join_token" { plugin_data {} }
  KeyManager "memory" { plugin_data {} }
  WorkloadAttestor "unix" { plugin_data {} }
}
`;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
