/**
 * The suite as tests: one test per probe, over every resource of a counterpart.
 *
 * It depends on no test runner. Vitest, Jest and `node:test` (with `before`, `after`) all provide what {@link
 * ProbeTestRunner} requires.
 *
 * ```ts
 * import { afterAll, beforeAll, describe, test } from 'vitest'
 * import { connectorConformance } from 'isthmus/testing'
 *
 * connectorConformance({ connector: shop, startCounterpart, runner: { describe, test, beforeAll, afterAll } })
 * ```
 */
import type { ConnectedSystem } from '../contract.ts'
import type { Connector } from '../define-connector.ts'
import type { Counterpart, CounterpartResource, StartCounterpart } from './counterpart.ts'
import type { Probe } from './probe.ts'
import { connectorProbes } from './probes.ts'
import { runProbe } from './run-probe.ts'
import { check, skip } from './verdict.ts'

/** Requirements for a test runner. */
export interface ProbeTestRunner {
  /** Groups tests. */
  describe(name: string, body: () => void): unknown
  /** Declares one test; `timeoutMs` prevents it from hanging. */
  test(name: string, body: (context: ProbeTestContext) => Promise<void>, timeoutMs?: number): unknown
  /** Runs before the tests of the group. */
  beforeAll(body: () => Promise<void>, timeoutMs?: number): unknown
  /** Runs after the tests of the group. */
  afterAll(body: () => Promise<void>, timeoutMs?: number): unknown
}

/** Context of a running test; a runner without `skip` counts a probe that does not apply as passed. */
export interface ProbeTestContext {
  /** Marks the running test as skipped, with a reason. */
  readonly skip?: (note?: string) => unknown
}

/** Options of a conformance run. */
export interface ConformanceOptions {
  /** The connector under test. */
  readonly connector: Connector
  /** Starts the remote side, once for all probes. */
  readonly startCounterpart: StartCounterpart
  /** The test runner, such as `vitest`. */
  readonly runner: ProbeTestRunner
  /** Time limit of one test, in milliseconds. @default 120000 */
  readonly timeoutMs?: number
}

const clock = { now: () => Date.now(), monotonic: () => performance.now() }
const timing = { readTimeoutMs: 5_000, writeTimeoutMs: 5_000, concurrency: 4 }

/** Declares the tests of one connector. */
export function connectorConformance(options: ConformanceOptions): void {
  const { connector, startCounterpart, runner, timeoutMs = 120_000 } = options
  runner.describe(`the connector ${connector.name}`, () => {
    let counterpart: Counterpart | undefined
    const running = (): Counterpart => counterpart ?? skip('the counterpart did not start')
    runner.beforeAll(async () => {
      counterpart = await startCounterpart()
    }, timeoutMs)
    runner.afterAll(async () => counterpart?.stop(), timeoutMs)
    runner.test(
      'has a counterpart whose waivers name probes and give reasons',
      async () => assertWaivers(running()),
      timeoutMs,
    )
    for (const probe of connectorProbes) {
      const body = async (context: ProbeTestContext): Promise<void> => {
        const note = await probeAll(probe, connector, running())
        if (note !== undefined) context.skip?.(note)
      }
      runner.test(`${probe.name}: ${probe.proves}`, body, timeoutMs)
    }
  })
}

function assertWaivers({ resources }: Counterpart): void {
  const names = new Set(connectorProbes.map(({ name }) => name))
  check(resources.length > 0, 'the counterpart names no resource')
  for (const { name: resource, waivers = {} } of resources) {
    for (const [name, reason] of Object.entries(waivers)) {
      check(names.has(name), `${resource} waives ${name}, and there is no such probe`)
      check(reason.trim().length > 10, `${resource} waives ${name} without a reason`)
    }
  }
}

/** Runs a probe on every resource. Returns the reasons when it applies to none of them. */
async function probeAll(
  probe: Probe,
  connector: Connector,
  counterpart: Counterpart,
): Promise<string | undefined> {
  const wrong: string[] = []
  const silent: string[] = []
  for (const door of counterpart.resources) {
    const verdict = await probeOne(probe, connector, counterpart, door)
    if (verdict.wrong !== undefined) wrong.push(`${door.name}: ${verdict.wrong}`)
    if (verdict.silent !== undefined) silent.push(`${door.name}: ${verdict.silent}`)
  }
  check(wrong.length === 0, wrong.join('\n'))
  return silent.length === counterpart.resources.length ? silent.join('; ') : undefined
}

interface ProbeCheck {
  readonly wrong?: string
  readonly silent?: string
}

async function probeOne(
  probe: Probe,
  connector: Connector,
  counterpart: Counterpart,
  door: CounterpartResource,
): Promise<ProbeCheck> {
  const connect = (): ConnectedSystem => {
    if (counterpart.connect !== undefined) return counterpart.connect()
    const { connector: _name, ...config } = counterpart.settings
    return connector.connect({ name: 'probed', connector: connector.name, config, timing }, { clock })
  }
  const target = { connect, resource: door.name, clock, template: door, counterpart, door }
  const { outcome } = await runProbe(probe, target)
  const reason = door.waivers?.[probe.name]
  if (reason !== undefined) {
    if (outcome.kind === 'failed') return { silent: `waived: ${reason}` }
    return { wrong: `the probe is waived (${reason}) and comes out as ${outcome.kind}: take the waiver away` }
  }
  switch (outcome.kind) {
    case 'passed':
      return {}
    case 'failed':
      return { wrong: outcome.words }
    case 'skipped':
    case 'not-applicable':
      return { silent: outcome.words }
  }
}
