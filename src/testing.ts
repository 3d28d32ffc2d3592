/** For tests of code that uses Isthmus: `isthmus/testing`. */

import './model/required-node.ts'

export type {
  DrainedFeed,
  ListRun,
  MadeRecord,
  ProbeBench,
  ProbeClock,
  ProbeTarget,
  RecordTemplate,
  WriteOfProbe,
} from './connectors/kit/conformance/bench.ts'
export type {
  Counterpart,
  CounterpartFaults,
  CounterpartResource,
  StartCounterpart,
} from './connectors/kit/conformance/counterpart.ts'
export { type AdversarialText, nastyTexts } from './connectors/kit/conformance/nasty-values.ts'
export type { Probe, ProbeOutcome } from './connectors/kit/conformance/probe.ts'
export { connectorProbes } from './connectors/kit/conformance/probes.ts'
export { type ProbeReport, runProbe } from './connectors/kit/conformance/run-probe.ts'
export {
  type ConformanceOptions,
  connectorConformance,
  type ProbeTestContext,
  type ProbeTestRunner,
} from './connectors/kit/conformance/suite.ts'
export { check, fail, skip } from './connectors/kit/conformance/verdict.ts'
export type { Condition, Waiter } from './connectors/kit/conformance/waiter.ts'
export type { Call, WireResponse } from './http/call.ts'
export type { ClientTransport, TransportFactory } from './http/client-transport.ts'
export { type CassetteOptions, cassette } from './http/testing/cassette.ts'
export {
  type AcceptedBody,
  type AcceptedResponse,
  type FaultServer,
  type PlannedFault,
  type ReceivedRequest,
  type ServerFault,
  startFaultServer,
} from './http/testing/fault-server.ts'
export {
  type MockHandler,
  type MockRequest,
  type MockResponse,
  type MockTransport,
  mockTransport,
} from './http/testing/mock-transport.ts'
