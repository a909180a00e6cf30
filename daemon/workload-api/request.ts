/** Request messages of gRPC, as bytes that anybody may send. */

import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { GRPC, type GrpcState } from './grpc.ts';

/** As gRPC's own libraries say it of what is no message of the method. */
export const MALFORMED: GrpcState = { code: GRPC.internal, message: 'the request does not parse' };

/** The message, or undefined. */
export function decodeRequest<Schema extends DescMessage>(
  schema: Schema,
  message: Uint8Array,
): MessageShape<Schema> | undefined {
  try {
    return fromBinary(schema, message);
  } catch {
    return undefined; // whatever the library says of it, it is the sender's doing
  }
}
