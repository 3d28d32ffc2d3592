/** For tests of code that uses Isthmus: `isthmus/testing`. */

export type { ClientTransport, TransportFactory } from './http/client-transport.ts'
export { type CassetteOptions, cassette } from './http/testing/cassette.ts'
export {
  type FaultServer,
  type PlannedFault,
  type ReceivedRequest,
  type RightAnswer,
  type ServerFault,
  startFaultServer,
} from './http/testing/fault-server.ts'
export {
  type MockAnswer,
  type MockHandler,
  type MockRequest,
  type MockTransport,
  mockTransport,
} from './http/testing/mock-transport.ts'
