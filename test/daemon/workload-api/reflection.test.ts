/** Server reflection, as a tool that knows nothing of the services would use it. */

import { connect as connectSocket } from 'node:net';
import { create, createFileRegistry, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ServerReflection,
  type ServerReflectionRequestSchema,
} from '../../../daemon/workload-api/gen/reflection_pb.ts';
import { temporaryFolder } from '../../folder.ts';
import { call, STATUS, serve } from './rig.ts';

const reflection = suite('daemon/workload-api/reflection');

type Question = NonNullable<
  MessageInitShape<typeof ServerReflectionRequestSchema>['messageRequest']
>;

/** Asks all questions on one stream. */
async function ask(path: string, ...questions: readonly Question[]) {
  const baseUrl = 'http://localhost';
  const createConnection = () => connectSocket(path);
  const sessionManager = new Http2SessionManager(baseUrl, {}, { createConnection });
  const client = createClient(ServerReflection, createGrpcTransport({ baseUrl, sessionManager }));
  async function* requests() {
    for (const messageRequest of questions) yield { host: 'here', messageRequest };
  }
  const answers = [];
  for await (const { messageResponse } of client.serverReflectionInfo(requests())) {
    answers.push(messageResponse);
  }
  sessionManager.abort();
  return answers;
}

reflection('lists the services, without the security header', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const [answer] = await ask(s.socketPath, { case: 'listServices', value: '' });
  const names = answer?.case === 'listServicesResponse' ? answer.value.service : [];
  assert.equal(
    names.map(({ name }) => name),
    [
      'SpiffeWorkloadAPI',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
    ],
  );
});

reflection('hands out files from which each service can be called', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const symbols = [
    'SpiffeWorkloadAPI',
    'SpiffeWorkloadAPI.FetchX509SVID',
    'X509SVID',
    'grpc.reflection.v1alpha.ServerReflection',
  ];
  const answers = await ask(
    s.socketPath,
    ...symbols.map((value) => ({ case: 'fileContainingSymbol' as const, value })),
    { case: 'fileByFilename', value: 'google/protobuf/struct.proto' },
  );
  assert.is(answers.length, 5);
  const [first] = answers;
  const bytes = first?.case === 'fileDescriptorResponse' ? first.value.fileDescriptorProto : [];
  const file = bytes.map((each) => fromBinary(FileDescriptorProtoSchema, each));
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: file.reverse() }));
  assert.is(registry.getService('SpiffeWorkloadAPI')?.methods.length, 7);
  assert.ok(answers.every((answer) => answer.case === 'fileDescriptorResponse'));
});

reflection('says what it does not know, and goes on', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const [unknown, extension, known] = await ask(
    s.socketPath,
    { case: 'fileContainingSymbol', value: 'Nothing' },
    { case: 'allExtensionNumbersOfType', value: 'X509SVID' },
    { case: 'fileByFilename', value: 'workload.proto' },
  );
  assert.is(unknown?.case === 'errorResponse' && unknown.value.errorCode, 5);
  assert.is(extension?.case === 'errorResponse' && extension.value.errorCode, 12);
  assert.is(known?.case, 'fileDescriptorResponse');
});

reflection('answers under its old name too', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const path = '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo';
  assert.is((await call(s.socketPath, path, {})).status, '0');
  const other = '/grpc.reflection.v2.ServerReflection/ServerReflectionInfo';
  assert.is((await call(s.socketPath, other, {})).status, STATUS.unimplemented);
});

reflection.run();
