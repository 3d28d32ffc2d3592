import { afterEach, describe, expect, test } from 'vitest'
import { World } from '../../../test/support/engine-fixture.ts'
import { mostUrgent } from './priority.ts'

let world: World | undefined

afterEach(async () => {
  await world?.stop()
  world = undefined
})

describe('the priority of calls', () => {
  test('is that of batches for changes of the first load, and that of webhooks for every later change', async () => {
    const it = new World({ systems: { a: { list: { paging: 'keyset', pageSize: 10 } }, b: {} } }).start()
    world = it
    await it.linked('a', 'x', { code: '1', name: 'Ann' })
    expect(it.system('a').calls.map(({ priority }) => priority)).toEqual(['batch'])
    expect(it.system('b').calls).toMatchObject([
      { operation: 'find', priority: 'batch' },
      { operation: 'create', priority: 'batch' },
    ])

    // A user changes it while the load is running.
    const before = it.system('b').calls.length
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(5_000)
    expect(
      new Set(
        it
          .system('a')
          .calls.slice(1)
          .map(({ priority }) => priority),
      ),
    ).toEqual(new Set(['webhook']))
    expect(it.system('b').calls[before]).toMatchObject({ operation: 'update', priority: 'webhook' })

    await it.store.saveFact({ kind: 'first-load-listed', entity: 'customer' }, it.clock.now())
    await it.advance(2_000)
    const [readsSoFar, writesSoFar] = [it.system('a').calls.length, it.system('b').calls.length]
    await it.linked('a', 'y', { code: '2' })
    expect(it.system('a').calls[readsSoFar]).toMatchObject({ operation: 'read', priority: 'webhook' })
    expect(it.system('b').calls.slice(writesSoFar, writesSoFar + 2)).toMatchObject([
      { operation: 'find', priority: 'webhook' },
      { operation: 'create', priority: 'webhook' },
    ])
  })

  test('of a call that serves several passes is the most urgent of theirs', () => {
    expect(mostUrgent(['batch', 'webhook', 'batch'])).toBe('webhook')
    expect(mostUrgent(['hand', 'batch'])).toBe('hand')
    expect(mostUrgent(['batch'])).toBe('batch')
    expect(mostUrgent([])).toBe('webhook')
  })
})
