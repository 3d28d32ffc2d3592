import { afterEach, describe, expect, test } from 'vitest'
import { World, type WorldOptions } from '../../../test/support/engine-fixture.ts'

let world: World | undefined

function start(options: WorldOptions = {}): World {
  world = new World(options).start()
  return world
}

afterEach(async () => {
  await world?.stop()
  world = undefined
})

const failures = async (it: World) => (await it.store.admin.failures({ limit: 10 })).rows

/** A linked pair, with tags that the system never accepts from now on. */
async function withTags(it: World, tag: (version: string) => string): Promise<string> {
  const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
  it.system('b').tag = tag
  await it.mark('b', nativeId)
  await it.advance(5_000)
  await it.edit('a', 'x', { name: 'Bea' })
  await it.advance(300_000)
  return nativeId
}

describe('a precondition that the system never accepts', () => {
  let reads = 0
  test.each([
    ['weak tags', (version: string) => `W/"${version}"`, /weak/],
    ['tags with a suffix', (version: string) => `"${version}-gzip"`, /suffix/],
    ['tags of another kind', (version: string) => `#${version}`, /still has the version/],
    [
      'a new tag with each response',
      () => {
        reads += 1
        return `"r${reads}"`
      },
      /changes with each read/,
    ],
  ])('%s end in a failure that says how to fix it', async (_, tag, words) => {
    const it = start({ systems: { a: {}, b: { version: 'opaque' } } })
    const nativeId = await withTags(it, tag)
    const tries = it.system('b').count('update')
    expect(tries).toBeLessThanOrEqual(15)
    expect(await failures(it)).toMatchObject([{ code: 'ENGINE_PRECONDITION_REFUSED', system: 'b' }])
    expect((await failures(it))[0]?.message).toMatch(words)
    expect(await it.member('a', 'x', 'b')).toMatchObject({ lane: { state: 'rejected' } })
    await it.advance(600_000)
    expect(it.system('b').count('update')).toBe(tries)

    // Corrected, and retried.
    it.system('b').tag = (version) => version
    await it.store.admin.retryFailures({ system: 'b' }, 'ops')
    it.engine.wake()
    await it.advance(10_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
    expect(await failures(it)).toEqual([])
  })

  test('a record that changes for minutes is retried with growing waits', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    let phone = 0
    it.system('b').beforeUpdate = () => {
      phone += 1
      it.system('b').edit(nativeId, { phone: String(phone) })
    }
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(180_000)
    expect(it.system('b').count('update')).toBeLessThanOrEqual(45)
    expect(await failures(it)).toEqual([])
    it.system('b').beforeUpdate = () => undefined
    await it.advance(300_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea' })
  })
})
