import { describe, expect, test } from 'vitest'
import { memoryIntegration } from '../../../test/support/memory-systems/memory-integration.ts'
import { MemorySystem } from '../../../test/support/memory-systems/memory-system.ts'
import { MemoryWorld } from '../../../test/support/memory-systems/memory-world.ts'
import type { ConnectedSystem, Resource } from '../../connectors/kit/contract.ts'
import { createRuns } from './runs.ts'

function world(crm = new MemorySystem('crm')): MemoryWorld {
  return new MemoryWorld(memoryIntegration({ systems: ['crm', 'erp'] }), [crm, new MemorySystem('erp')])
}

/** The same system with another feed. */
function withFeed(twin: MemorySystem, changes: Resource['changes']): ConnectedSystem {
  return {
    name: twin.name,
    connector: 'memory-test',
    resource: (name) => ({ ...twin.resource(name), ...(changes === undefined ? {} : { changes }) }),
    fingerprint: () => twin.fingerprint(),
    close: () => twin.close(),
  }
}

async function pollWith(memory: MemoryWorld, changes: Resource['changes']) {
  const systems = new Map<string, ConnectedSystem>(memory.systems)
  systems.set('crm', withFeed(memory.system('crm'), changes))
  const runs = createRuns({ ...memory.context, systems })
  const signal = new AbortController().signal
  return memory.finish(runs.poll({ system: 'crm', entity: 'thing', priority: 'batch', signal }))
}

describe('pollChanges', () => {
  test('reads the feed page by page and stores its position', async () => {
    const memory = world()
    for (let index = 0; index < 7; index += 1) memory.system('crm').put({ name: `N${index}` })
    expect(await memory.poll('crm')).toMatchObject({ kind: 'done', changed: 7 })
    expect(await memory.store.cursor('crm', 'thing')).toBe('7')
    expect(await memory.poll('crm')).toMatchObject({ kind: 'done', changed: 0 })
  })

  test('H23, INV-13: a cursor is never ahead of changes that are not marked, whichever page fails', async () => {
    const memory = world()
    let calls = 0
    const result = await pollWith(memory, async (cursor) => {
      calls += 1
      if (calls === 2) throw new TypeError('connection reset')
      return {
        kind: 'page',
        changed: [{ nativeId: `r${calls}` }],
        cursor: `after-${cursor ?? 'start'}`,
        more: true,
      }
    })
    expect(result).toMatchObject({ kind: 'failed', code: 'ENGINE_CALL_FAILED' })
    expect(await memory.store.cursor('crm', 'thing')).toBe('after-start')
    expect(await memory.detail('crm', 'r1')).toBeDefined()
  })

  test('H23: commits the marks of a page and its cursor in one request to the store', async () => {
    const memory = world()
    const requests: unknown[] = []
    const { intake } = memory.store
    memory.store.intake = async (batch) => {
      requests.push(...batch)
      return intake.call(memory.store, batch)
    }
    memory.system('crm').put({ name: 'Ada' })
    await memory.poll('crm')
    expect(requests).toEqual([
      {
        marks: [{ system: 'crm', entity: 'thing', nativeId: 'crm-1' }],
        cause: 'poll',
        cursor: { system: 'crm', entity: 'thing', position: '1' },
      },
    ])
  })

  test('a poll without changes saves its cursor at most once a minute, and never one that later pages follow', async () => {
    const memory = world()
    const saved: string[] = []
    const { intake } = memory.store
    memory.store.intake = async (batch) => {
      saved.push(...batch.flatMap(({ cursor }) => (cursor === undefined ? [] : [cursor.position])))
      return intake.call(memory.store, batch)
    }
    let position = 0
    let more = false
    const systems = new Map<string, ConnectedSystem>(memory.systems)
    const quiet: Resource['changes'] = async () => {
      position += 1
      return { kind: 'page', changed: [], cursor: String(position), more: more && position % 2 === 0 }
    }
    systems.set('crm', withFeed(memory.system('crm'), quiet))
    const runs = createRuns({ ...memory.context, systems })
    const { signal } = new AbortController()
    const poll = () => memory.finish(runs.poll({ system: 'crm', entity: 'thing', priority: 'batch', signal }))
    for (let minute = 0; minute < 3; minute += 1) {
      for (let nth = 0; nth < 12; nth += 1) {
        expect(await poll()).toMatchObject({ kind: 'done', changed: 0 })
        await memory.pass(5_000)
      }
    }
    expect(saved.length).toBeGreaterThanOrEqual(3)
    expect(saved.length).toBeLessThanOrEqual(4)
    more = true
    const before = saved.length
    await poll()
    await poll()
    expect(saved.slice(before).at(-1)).toBe('38')
    expect(position).toBe(39)
  })

  test('a poll of a system at rest neither reads nor writes the store for half a minute, and its time is known to creates', async () => {
    const memory = world()
    memory.system('crm').put({ name: 'Ada' })
    const calls: string[] = []
    const { cursor, saveFact, intake } = memory.store
    memory.store.cursor = (...place) => {
      calls.push('cursor')
      return cursor.apply(memory.store, place)
    }
    memory.store.saveFact = (...fact) => {
      calls.push('saveFact')
      return saveFact.apply(memory.store, fact)
    }
    memory.store.intake = (batch) => {
      calls.push('intake')
      return intake.call(memory.store, batch)
    }
    const runs = createRuns(memory.context)
    const { signal } = new AbortController()
    const poll = () => memory.finish(runs.poll({ system: 'crm', entity: 'thing', priority: 'batch', signal }))
    expect(await poll()).toMatchObject({ kind: 'done', changed: 1 })
    await poll()
    calls.length = 0
    for (let nth = 0; nth < 5; nth += 1) {
      await memory.pass(5_000)
      const before = memory.clock.now()
      expect(await poll()).toMatchObject({ kind: 'done', changed: 0 })
      expect(runs.lastPoll('crm', 'thing')).toBeGreaterThanOrEqual(before)
    }
    expect(calls).toEqual([])
    // A change is marked, and read from where this process left the feed.
    memory.system('crm').put({ name: 'Grace' })
    expect(await poll()).toMatchObject({ kind: 'done', changed: 1 })
    expect(calls).toEqual(['intake', 'saveFact'])
    // What another process did to the cursor is noticed within a minute.
    await memory.store.clearCursor('crm', 'thing')
    await memory.pass(60_000)
    expect(await poll()).toMatchObject({ kind: 'done', changed: 2 })
  })

  test('H23: an expired cursor leads to a full run and then to the beginning of the feed, never to now', async () => {
    const memory = world()
    const crm = memory.system('crm')
    crm.put({ name: 'Old' })
    await memory.poll('crm')
    crm.put({ name: 'Missed by the feed' })
    crm.cursorExpired = true
    expect(await memory.poll('crm')).toMatchObject({ kind: 'more' })
    expect(memory.heard('CursorExpired')).toHaveLength(1)
    expect(memory.heard('RunFinished')).toMatchObject([{ complete: true, seen: 2 }])
    expect(await memory.detail('crm', 'crm-2')).toBeDefined()
    crm.cursorExpired = false
    expect(await memory.store.cursor('crm', 'thing')).toBeUndefined()
    await memory.poll('crm')
    expect(await memory.store.cursor('crm', 'thing')).toBe('2')
  })

  test('H23: an expired cursor is kept while the full run does not complete', async () => {
    const memory = world()
    const crm = memory.system('crm')
    crm.put({ name: 'Ada' })
    await memory.poll('crm')
    crm.cursorExpired = true
    crm.listFault = 'breaks'
    expect(await memory.poll('crm')).toMatchObject({
      kind: 'failed',
      code: 'ENGINE_LIST_INCOMPLETE',
      message: expect.stringContaining('the list broke off'),
    })
    expect(await memory.store.cursor('crm', 'thing')).toBe('1')
  })

  test('H21, H22: does not count a repeated record as changed when its version is absorbed', async () => {
    const memory = world()
    memory.start()
    const nativeId = memory.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    await memory.load()
    const { reads } = memory.system('crm').counts
    const version = String(memory.system('crm').records.get(nativeId)?.version)
    const again = { kind: 'page', changed: [{ nativeId, version }], cursor: 'overlap', more: false } as const
    expect(await pollWith(memory, async () => again)).toMatchObject({ kind: 'done', changed: 0 })
    await memory.pass(60_000)
    expect(memory.system('crm').counts.reads).toBe(reads)
  })

  test('H22: finds at the next full run what the feed missed', async () => {
    const memory = world()
    memory.start()
    const nativeId = memory.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    await memory.load()
    memory.system('crm').put({ name: 'Committed late, behind the cursor' }, nativeId)
    const nothing = { kind: 'page', changed: [], cursor: 'far', more: false } as const
    await pollWith(memory, async () => nothing)
    expect(await memory.full('crm')).toMatchObject({ changed: 1 })
    await memory.pass(60_000)
    expect(memory.system('erp').all()).toMatchObject([{ name: 'Committed late, behind the cursor' }])
  })

  test('stops at a feed that does not advance', async () => {
    const stuck = { kind: 'page', changed: [], cursor: 'same', more: true } as const
    expect(await pollWith(world(), async () => stuck)).toMatchObject({
      kind: 'failed',
      code: 'ENGINE_CURSOR_STUCK',
    })
  })

  test('gives up on a feed that does not respond in time', async () => {
    const result = await pollWith(world(), () => new Promise(() => {}))
    expect(result).toMatchObject({ kind: 'failed', code: 'ENGINE_CALL_LATE' })
  })

  test('passes on the retry time of the system', async () => {
    const failure = {
      code: 'HTTP_RATE_LIMITED',
      message: 'Slow down.',
      scope: 'system',
      retryAfterMs: 9000,
    } as const
    expect(await pollWith(world(), async () => ({ kind: 'unknown', failure }))).toEqual({
      kind: 'failed',
      code: 'HTTP_RATE_LIMITED',
      message: 'Slow down.',
      retryAfterMs: 9000,
    })
  })

  test('lists a system that has no feed', async () => {
    const memory = world(new MemorySystem('crm', { changes: { cursor: 'none', commitLagMs: 0 } }))
    memory.system('crm').put({ name: 'Ada' })
    expect(await memory.poll('crm')).toMatchObject({ kind: 'done', changed: 1 })
    expect(memory.heard('RunFinished')).toHaveLength(1)
  })
})
