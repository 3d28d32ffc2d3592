import { afterEach, describe, expect, test } from 'vitest'
import { World } from '../../../test/support/engine-fixture.ts'
import { matchKeys } from '../../model/matching/match-keys.ts'
import type { CanonicalDocument } from '../../model/values.ts'

let world: World | undefined

afterEach(async () => {
  await world?.stop()
  world = undefined
})

const failures = async (it: World) => (await it.store.admin.failures({ limit: 10 })).rows

describe('a new record that can not be read', () => {
  test.each([
    ['for good', 'HTTP_RESPONSE_TOO_DEEP', 1_000],
    ['repeatedly', 'HTTP_TIMEOUT', 300_000],
  ] as const)('%s is reported as a failure, and creates at its system continue', async (_, code, afterMs) => {
    const it = new World().start()
    world = it
    const message = 'The response is of no use.'
    it.system('b').unreadable.set('deep', { code, message, scope: 'record' })
    await it.edit('b', 'deep', { code: '7', name: 'Deep' })
    await it.advance(afterMs)
    expect(await failures(it)).toMatchObject([{ system: 'b', operation: 'read', code, message }])

    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(5_000)
    expect(it.system('b').bodies()).toContainEqual(expect.objectContaining({ code: '1' }))

    // Its owner simplifies it, and it comes in like any other.
    it.system('b').unreadable.clear()
    await it.mark('b', 'deep')
    await it.advance(5_000)
    expect(await failures(it)).toEqual([])
    expect(it.system('a').bodies()).toContainEqual(expect.objectContaining({ code: '7' }))
  })

  test('is not reported while its whole system is down', async () => {
    const it = new World().start()
    world = it
    it.system('b').down = true
    await it.edit('b', 'y', { code: '7' })
    await it.advance(600_000)
    expect(await failures(it)).toEqual([])
    it.system('b').down = false
    await it.advance(120_000)
    expect(it.system('a').bodies()).toContainEqual(expect.objectContaining({ code: '7' }))
  })
})

describe('a new record whose system went down after the first read', () => {
  /** Simulates a worker that read the record, registered its keys, and died before it could decide. */
  async function readOnce(it: World, system: string, nativeId: string, values: CanonicalDocument) {
    await it.store.intake([{ marks: [{ system, entity: 'customer', nativeId }] }])
    const worker = await it.store.registerWorker()
    const { records } = await it.store.claim({ worker: worker.id, limit: 10, leaseMs: 1_000 })
    const entity = it.integration.entities.get('customer')
    const [claimed] = records
    if (entity === undefined || claimed === undefined) throw new TypeError('nothing was claimed')
    const keys = matchKeys(entity, values)
    await it.store.match([{ lease: claimed.lease, entity: 'customer', system, keys }])
    await worker.close()
  }

  test('does not delay the same record in other systems, and joins it later', async () => {
    const it = new World({ systems: { a: {}, b: {}, c: {} } })
    world = it
    it.system('c').edit('z', { code: '7', name: 'Ann' })
    await readOnce(it, 'c', 'z', { code: '7', name: 'Ann' })
    it.system('c').down = true
    it.start()
    await it.advance(10_000)

    await it.edit('a', 'x', { code: '7', name: 'Ann' })
    await it.edit('a', 'other', { code: '8', name: 'Bob' })
    await it.advance(120_000)
    const codes = (system: string) =>
      it
        .system(system)
        .bodies()
        .map(({ code }) => code)
    expect(codes('b').sort()).toEqual(['7', '8'])

    it.system('c').down = false
    await it.advance(120_000)
    expect((await it.member('a', 'x', 'c')).nativeId).toBe('z')
    expect(codes('c').sort()).toEqual(['7', '8'])
  })
})

describe('a create that the mapping can not make', () => {
  test('is reported, even where the problem is in a field that the create does not contain', async () => {
    const it = new World({
      adjust: (integration) => {
        const entity = integration.entities.get('customer')
        const part = entity?.systems.get('b')
        if (entity === undefined || part === undefined) return integration
        const lens: typeof part.lens = {
          ...part.lens,
          write: (values, base) =>
            base === undefined
              ? {
                  patch: values,
                  problems: [{ field: 'region', code: 'MAPPING_FAILED', message: 'no region' }],
                }
              : { patch: values, problems: [] },
        }
        const systems = new Map([...entity.systems, ['b', { ...part, lens }]])
        return { ...integration, entities: new Map([['customer', { ...entity, systems }]]) }
      },
    }).start()
    world = it
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(5_000)
    expect(it.system('b').bodies()).toEqual([])
    expect(await failures(it)).toMatchObject([
      { system: 'b', operation: 'create', code: 'MAPPING_FAILED', message: 'no region' },
    ])
  })
})
