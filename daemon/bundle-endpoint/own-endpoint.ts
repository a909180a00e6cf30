/** Our own bundle endpoint as the configuration asks for it, or none. */

import { assert } from '../../core/assert.ts';
import type { Config } from '../config/keys.ts';
import type { Clock, Log, Random } from '../ports.ts';
import {
  type CredentialSource,
  ENDPOINT_PATH,
  fileSource,
  type SvidSourceOptions,
  svidSource,
} from './endpoint-credentials.ts';
import type { HttpsEndpoint } from './https-endpoint.ts';
import { openBundleEndpoint } from './server.ts';

export interface OwnEndpointOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What signs the SVID of `https_spiffe`, and until when it may. */
  readonly permission: SvidSourceOptions['permission'];
  readonly bundle: () => string;
}

/** Opens the endpoint; null where none is configured. Refuses as `openBundleEndpoint` does. */
export async function openOwnEndpoint(options: OwnEndpointOptions): Promise<HttpsEndpoint | null> {
  const { config, clock, log, bundle } = options;
  if (config.endpointListen === null) return null;
  const credentials = credentialsOf(options);
  return openBundleEndpoint({ ...config.endpointListen, credentials, bundle, clock, log });
}

function credentialsOf({ config, ...rest }: OwnEndpointOptions): CredentialSource {
  const { endpointProfile, endpointCertificate, endpointKey, trustDomain } = config;
  if (endpointProfile === 'https_spiffe')
    return svidSource({ ...rest, domain: trustDomain, path: ENDPOINT_PATH });
  assert(endpointCertificate !== null && endpointKey !== null, 'https_web has its files');
  return fileSource(endpointCertificate, endpointKey);
}
