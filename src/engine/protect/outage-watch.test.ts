import { afterEach, describe, expect, test } from 'vitest'
import { World, type WorldOptions } from '../../../test/support/engine-fixture.ts'
import type { CallFailure } from '../../connectors/kit/contract.ts'

let world: World | undefined

function start(options: WorldOptions = {}): World {
  world = new World(options).start()
  return world
}

afterEach(async () => {
  await world?.stop()
  world = undefined
})

const readsSince = (it: World, at: number) =>
  it.system('b').calls.filter((call) => call.operation === 'read' && call.at >= at)

async function outage(it: World, ms: number, failure?: CallFailure): Promise<void> {
  if (failure === undefined) it.system('b').down = true
  else it.system('b').refusal = failure
  for (let n = 0; n < 4; n += 1) await it.mark('b', await nativeIdOf(it, n))
  await it.advance(ms)
}

const nativeIdOf = async (it: World, n: number) => (await it.member('a', `x${n}`, 'b')).nativeId ?? ''

async function many(it: World, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await it.linked('a', `x${n}`, { code: `${n}`, name: 'Ann' })
}

describe('a system that can not be reached', () => {
  test('is probed by one cheap read every few seconds, however many records wait for it', async () => {
    const it = start()
    await many(it, 40)
    await outage(it, 60_000)
    const from = it.scheduler.now
    await it.advance(300_000)
    const reads = readsSince(it, from)
    expect(reads.length).toBeGreaterThanOrEqual(300 / 10 - 1)
    expect(reads.length).toBeLessThanOrEqual(300 / 5 + 1)
    expect(new Set(reads.map((call) => call.at)).size).toBe(reads.length)
  })

  test('is caught up within seconds once it is back, whatever back-off its records had', async () => {
    const it = start()
    await many(it, 40)
    it.system('b').down = true
    for (let n = 0; n < 40; n += 1) await it.edit('a', `x${n}`, { name: 'Bea' })
    await it.advance(1_800_000)
    it.system('b').down = false
    await it.advance(15_000)
    expect(it.system('b').bodies()).toHaveLength(40)
    expect(
      it
        .system('b')
        .bodies()
        .filter(({ name }) => name !== 'Bea'),
    ).toEqual([])
    expect(it.emitted('SystemResumed')).toHaveLength(1)
  })

  test('is tried by one of the waiting records where no record is known there yet', async () => {
    const it = start()
    it.system('b').down = true
    for (let n = 0; n < 10; n += 1) await it.edit('a', `x${n}`, { code: `${n}`, name: 'Ann' })
    await it.advance(900_000)
    it.system('b').down = false
    await it.advance(15_000)
    expect(it.system('b').bodies()).toHaveLength(10)
  })

  test('is not called for as long as it has requested', async () => {
    const it = start()
    await many(it, 4)
    const failure = {
      code: 'HTTP_RATE_LIMITED',
      message: 'busy',
      scope: 'system',
      retryAfterMs: 600_000,
    } as const
    await outage(it, 10_000, failure)
    const from = it.scheduler.now
    await it.advance(580_000)
    expect(readsSince(it, from)).toEqual([])
  })

  test('is not probed after a refused credential', async () => {
    const it = start()
    await many(it, 4)
    const failure = {
      code: 'HTTP_UNAUTHENTICATED',
      message: 'denied',
      scope: 'system',
      kind: 'credential',
    } as const
    await outage(it, 300_000, failure)
    const from = it.scheduler.now
    await it.advance(600_000)
    // The records' own rare retries, at most four a minute; no probes in addition.
    expect(readsSince(it, from).length).toBeLessThanOrEqual(40)
    it.system('b').refusal = undefined
    await it.advance(120_000)
    expect(it.emitted('SystemResumed')).toHaveLength(1)
  })
})
