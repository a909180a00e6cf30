/** The files of protocol/, as text: equal each time, so that a change of the bytes shows. */

import { decodingVectors } from './decoding-vectors.ts';
import { exampleVectors } from './example-vectors.ts';
import { handshakeVector } from './handshake.ts';
import { ladderVectors } from './ladder-vectors.ts';

/** File name and contents of each. */
export async function protocolVectors(): Promise<readonly (readonly [string, string])[]> {
  const text = (file: object): string => `${JSON.stringify(file, null, 1)}\n`;
  return [
    ['decoding.json', text(decodingVectors())],
    ['examples.json', text(exampleVectors())],
    ['handshake.json', text(await handshakeVector())],
    ['ladder.json', text(ladderVectors())],
  ];
}
