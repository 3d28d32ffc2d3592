import { describe, expect, test } from 'vitest'
import { World } from '../../../test/support/engine-fixture.ts'
import type { PruneRequest, PruneResult, Store } from '../../store/contract.ts'
import { removeOld } from './retention.ts'

const day = 86_400_000
const none: PruneResult = {
  journal: 0,
  intents: 0,
  conflicts: 0,
  holds: 0,
  failures: 0,
  deliveries: 0,
  runs: 0,
  guardCounts: 0,
  keys: 0,
  deadRuns: 0,
}

const never = new AbortController().signal

describe('retention', () => {
  test('uses the intervals of the definition, and never less than duplicates and late effects need', async () => {
    const it = new World()
    const asked: PruneRequest[] = []
    const store = Object.assign(Object.create(it.store) as Store, {
      prune: async (request: PruneRequest) => {
        asked.push(request)
        return none
      },
    })
    const { clock, integration } = it
    const { emit } = it.engine.context
    await removeOld({ clock, store, integration, emit }, never)
    const retention = { historyMs: 10 * day, deadLettersMs: 5 * day, deliveriesMs: 1 }
    await removeOld({ clock, store, emit, integration: { ...integration, retention } }, never)
    const now = clock.now()
    expect(asked).toMatchObject([
      {
        historyBefore: now - 400 * day,
        deadLettersBefore: now - 90 * day,
        deliveriesBefore: now - 30 * day,
        runsDeadBefore: now - 2 * day,
      },
      {
        historyBefore: now - 10 * day,
        deadLettersBefore: now - 5 * day,
        deliveriesBefore: now - 3 * day,
      },
    ])
  })

  test('continues with pauses while a kind is at its limit, and stops when requested', async () => {
    const it = new World()
    let calls = 0
    const store = Object.assign(Object.create(it.store) as Store, {
      prune: async ({ limit }: PruneRequest) => {
        calls += 1
        return { ...none, journal: calls < 4 ? limit : 7 }
      },
    })
    const { clock, integration } = it
    const { emit } = it.engine.context
    const removing = removeOld({ clock, store, integration, emit }, never)
    await it.advance(1_000)
    expect((await removing).journal).toBe(3 * 5_000 + 7)
    calls = 0
    const stopped = removeOld({ clock, store, integration, emit }, AbortSignal.abort())
    expect((await stopped).journal).toBe(5_000)
  })
  test('goes on until nothing is left, at half of the time, and reports each hour that it takes', async () => {
    const it = new World()
    let calls = 0
    const store = Object.assign(Object.create(it.store) as Store, {
      prune: async ({ limit }: PruneRequest) => {
        calls += 1
        await it.clock.sleep(1_000)
        return { ...none, journal: calls < 4_000 ? limit : 7 }
      },
    })
    const { clock, integration } = it
    const { emit } = it.engine.context
    const startedAt = clock.now()
    const removing = removeOld({ clock, store, integration, emit }, never)
    await it.advance(3 * 3_600_000)
    expect((await removing).journal).toBe(3_999 * 5_000 + 7)
    expect(clock.now() - startedAt).toBeGreaterThan(7_900_000)
    expect(it.emitted('RetentionBehind')).toMatchObject([
      { kinds: ['journal'], minutes: 60 },
      { kinds: ['journal'], minutes: 120 },
    ])
  })
})
