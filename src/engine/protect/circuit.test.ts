import { describe, expect, test } from 'vitest'
import { Scheduler } from '../../../test/simulation/scheduler.ts'
import type { CallFailure } from '../../connectors/kit/contract.ts'
import type { DomainEvent } from '../../model/events.ts'
import type { SystemGate } from '../ports.ts'
import { createGate } from './circuit.ts'
import { createTimeouts } from './timeouts.ts'

const down: CallFailure = { code: 'HTTP_NETWORK', message: 'down', scope: 'system' }

function makeGate(concurrency = 2) {
  const scheduler = new Scheduler(1_000_000)
  const events: DomainEvent[] = []
  const clock = {
    now: () => scheduler.now,
    monotonic: () => scheduler.now,
    sleep: (ms: number) => new Promise<void>((resolve) => scheduler.after(ms, resolve)),
  }
  const gate = createGate({
    system: 's',
    concurrency,
    clock,
    random: { next: () => 0.5, uuid: () => '' },
    emit: (event) => events.push(event),
    timeouts: createTimeouts(clock),
  })
  const results: unknown[] = []
  const call = (target: SystemGate, response: CallFailure | undefined, ms = 10, waitMs = 1_000) => {
    void target
      .run(() => clock.sleep(ms).then(() => response), { waitMs, failure: (failure) => failure })
      .then((result) => results.push(result))
  }
  return {
    scheduler,
    events,
    gate,
    results,
    call,
    advance: (ms: number) => scheduler.run(scheduler.now + ms),
  }
}

describe('a gate', () => {
  test('runs the configured number of calls at a time, and the others in order', async () => {
    const { gate, call, results, advance } = makeGate(2)
    for (let i = 0; i < 5; i += 1) call(gate, { ...down, message: `${i}`, scope: 'record' }, 10)
    await advance(10)
    expect(results).toHaveLength(2)
    await advance(10)
    expect(results).toHaveLength(4)
    await advance(10)
    expect(results.map((result) => (result as CallFailure).message)).toEqual(['0', '1', '2', '3', '4'])
  })

  test('lets no caller wait longer than its limit', async () => {
    const { gate, call, results, advance } = makeGate(1)
    call(gate, undefined, 5_000)
    call(gate, undefined, 10, 300)
    await advance(400)
    expect(results).toEqual(['shut'])
    await advance(5_000)
    call(gate, undefined)
    await advance(20)
    expect(results).toEqual(['shut', undefined, undefined])
  })

  test('closes after three failures of the system in a row, and not for those of a record', async () => {
    const { gate, call, events, advance } = makeGate()
    for (const response of [
      down,
      down,
      undefined,
      down,
      down,
      { ...down, scope: 'record' as const },
      down,
      down,
    ]) {
      call(gate, response)
      await advance(20)
    }
    expect(gate.closedUntil()).toBeUndefined()
    call(gate, down)
    await advance(20)
    expect(gate.closedUntil()).toBeGreaterThan(0)
    expect(events).toMatchObject([{ type: 'SystemPaused', reason: 'HTTP_NETWORK' }])
  })

  test('reopens after one successful probe, while the other calls are refused', async () => {
    const { gate, call, results, events, advance } = makeGate(8)
    for (let i = 0; i < 3; i += 1) call(gate, down)
    await advance(2_000)
    results.length = 0
    for (let i = 0; i < 4; i += 1) call(gate, undefined, 50)
    await advance(10)
    expect(results).toEqual(['shut', 'shut', 'shut'])
    await advance(100)
    expect(gate.closedUntil()).toBeUndefined()
    expect(events.at(-1)).toEqual({ type: 'SystemResumed', system: 's' })
  })

  test('waits longer after each probe that fails, and as long as the system requests', async () => {
    const { gate, call, scheduler, advance } = makeGate()
    for (let i = 0; i < 3; i += 1) call(gate, down)
    await advance(20)
    const first = (gate.closedUntil() ?? 0) - scheduler.now
    await advance(2_000)
    call(gate, down)
    await advance(20)
    expect((gate.closedUntil() ?? 0) - scheduler.now).toBeGreaterThan(first)
    await advance(10_000)
    call(gate, { ...down, retryAfterMs: 120_000 })
    await advance(20)
    expect((gate.closedUntil() ?? 0) - scheduler.now).toBeGreaterThan(119_000)
  })
})
