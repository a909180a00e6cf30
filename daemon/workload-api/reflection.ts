/**
 * gRPC server reflection for the Workload API (Workload Endpoint §7 asks for it; grpc/grpc,
 * doc/server-reflection.md), in its first version and in the alpha that many tools still speak:
 * the two differ in their package alone.
 *
 * It tells what the standard's text tells everybody, so neither the security header nor an identity
 * is demanded. A stream is answered question by question and keeps nothing.
 */

import {
  clone,
  create,
  createFileRegistry,
  type DescFile,
  type DescService,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { assert } from '../../core/assert.ts';
import {
  ErrorResponseSchema,
  FileDescriptorResponseSchema,
  ListServiceResponseSchema,
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from './gen/reflection_pb.ts';
import { file_workload } from './gen/workload_pb.ts';
import { GRPC, type GrpcCall, type GrpcMethod, type GrpcMethods } from './grpc.ts';
import { decodeRequest, MALFORMED } from './request.ts';

const ALPHA = alphaOf(ServerReflection.file);
const FILES: readonly DescFile[] = [
  file_workload,
  ...file_workload.dependencies,
  ServerReflection.file,
  ALPHA.file,
];
const SERVICES: readonly DescService[] = FILES.flatMap((file) => file.services);

/** Reflection, in both versions: their messages are one on the wire. */
export function reflectionMethods(): GrpcMethods {
  const method: GrpcMethod = { requests: 'many', open: answerEach };
  return new Map(
    [ServerReflection, ALPHA].map(({ typeName }) => [`/${typeName}/ServerReflectionInfo`, method]),
  );
}

function answerEach(call: GrpcCall) {
  return {
    take: (message: Uint8Array): void => {
      const request = decodeRequest(ServerReflectionRequestSchema, message);
      if (request === undefined) call.end(MALFORMED);
      else call.send(toBinary(ServerReflectionResponseSchema, responseTo(request)));
    },
    drained: () => undefined,
    closed: () => undefined,
  };
}

function responseTo(request: ServerReflectionRequest): ServerReflectionResponse {
  return create(ServerReflectionResponseSchema, {
    validHost: request.host,
    originalRequest: request,
    messageResponse: answerTo(request),
  });
}

type Answer = ServerReflectionResponse['messageResponse'];

function answerTo({ messageRequest }: ServerReflectionRequest): Answer {
  const { case: kind, value } = messageRequest;
  switch (kind) {
    case 'listServices': {
      const service = SERVICES.map(({ typeName }) => ({ name: typeName }));
      return {
        case: 'listServicesResponse',
        value: create(ListServiceResponseSchema, { service }),
      };
    }
    case 'fileByFilename':
      return fileAnswer(FILES.find((file) => `${file.name}.proto` === value));
    case 'fileContainingSymbol':
      return fileAnswer(FILES.find((file) => symbolsOf(file).includes(value)));
    default:
      return refusal(GRPC.unimplemented, 'nothing here has extensions');
  }
}

/** A file and all that it needs, so that no client has to ask twice. */
function fileAnswer(file: DescFile | undefined): Answer {
  if (file === undefined) return refusal(GRPC.notFound, 'no such file or symbol');
  const bytes = [file, ...file.dependencies].map(({ proto }) =>
    toBinary(FileDescriptorProtoSchema, proto),
  );
  const value = create(FileDescriptorResponseSchema, { fileDescriptorProto: bytes });
  return { case: 'fileDescriptorResponse', value };
}

function refusal(errorCode: number, errorMessage: string): Answer {
  return { case: 'errorResponse', value: create(ErrorResponseSchema, { errorCode, errorMessage }) };
}

function symbolsOf(file: DescFile): readonly string[] {
  const methods = file.services.flatMap(({ typeName, methods }) =>
    methods.map(({ name }) => `${typeName}.${name}`),
  );
  return [
    ...file.services.map(({ typeName }) => typeName),
    ...methods,
    ...file.messages.map(({ typeName }) => typeName),
    ...file.enums.map(({ typeName }) => typeName),
  ];
}

/** The same file under the package of the alpha. */
function alphaOf(file: DescFile): DescService {
  const renamed = (name: string): string => name.replace('reflection.v1', 'reflection.v1alpha');
  const proto = clone(FileDescriptorProtoSchema, file.proto);
  proto.name = `alpha/${proto.name}`;
  proto.package = renamed(proto.package);
  for (const message of proto.messageType) {
    for (const field of message.field) field.typeName = renamed(field.typeName);
  }
  for (const method of proto.service.flatMap((service) => service.method)) {
    method.inputType = renamed(method.inputType);
    method.outputType = renamed(method.outputType);
  }
  const alpha = createFileRegistry(proto, () => undefined).getService(
    renamed(ServerReflection.typeName),
  );
  assert(alpha !== undefined, 'the alpha has the service that it was made with');
  return alpha;
}
