import { afterEach, describe, expect, test } from 'vitest'
import { World, type WorldOptions } from '../../../test/support/engine-fixture.ts'
import type { Integration } from '../../model/integration.ts'
import { compileLens } from '../../model/lens/compile-lens.ts'
import type { LensFieldSpec } from '../../model/lens/spec.ts'
import type { EmptySpelling } from '../../model/normalisers/contract.ts'
import { plainEmpties } from '../../model/normalisers/contract.ts'
import type { FieldType } from '../../model/values.ts'

let world: World | undefined

function start(options: WorldOptions = {}): World {
  world = new World(options).start()
  return world
}

afterEach(async () => {
  await world?.stop()
  world = undefined
})

const nullByAbsence: EmptySpelling = {
  write: { absent: 'absent', null: 'absent', empty: 'absent' },
  read: { absent: 'null', null: 'null', empty: 'empty' },
}

/** The fixture's integration with real mappings of paths, and with `phone` as a group of one part. */
function withLenses(empties: EmptySpelling): (integration: Integration) => Integration {
  const text: FieldType = { kind: 'string' }
  const phone: FieldType = { kind: 'group', fields: { number: text } }
  const plain = { readable: true, writable: true }
  const fields: readonly LensFieldSpec[] = [
    { name: 'code', type: text, ...plain, source: { kind: 'path', path: ['code'], empties } },
    { name: 'name', type: text, ...plain, source: { kind: 'path', path: ['name'], empties } },
    { name: 'phone', type: phone, ...plain, source: { kind: 'path', path: ['phone'], empties } },
  ]
  return (integration) => {
    const [entity] = [...integration.entities.values()]
    const field = entity?.fields.get('phone')
    if (entity === undefined || field === undefined) return integration
    const lens = compileLens({ fields })
    const systems = new Map([...entity.systems].map(([name, part]) => [name, { ...part, lens }]))
    const typed = new Map([...entity.fields, ['phone', { ...field, type: phone }]])
    return { ...integration, entities: new Map([['customer', { ...entity, systems, fields: typed }]]) }
  }
}

describe('a write without a preceding read', () => {
  test('carries a value with a precondition on the absorbed version', async () => {
    const it = start({ adjust: withLenses(nullByAbsence) })
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(60_000)
    const reads = it.system('b').count('read')
    await it.edit('a', 'x', { name: 'Bob' })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bob' })
    expect(it.system('b').count('read')).toBe(reads)
  })

  test.each([
    ['null, where it is represented by absence', nullByAbsence, null],
    ['an empty text, where it is represented by absence', nullByAbsence, ''],
    ['null, where it is represented by itself', plainEmpties, null],
  ])(
    'is not used to clear a field: %s is written on top of the record that was read',
    async (_, empties, nothing) => {
      const it = start({ adjust: withLenses(empties) })
      const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
      await it.advance(60_000)
      await it.edit('a', 'x', { name: nothing })
      await it.advance(5_000)
      expect(it.system('b').body(nativeId)?.name ?? null).toBeNull()
      const updates = it.system('b').count('update')
      await it.mark('a', 'x')
      await it.advance(60_000)
      expect(it.system('b').count('update')).toBe(updates)
      expect(await it.member('a', 'x', 'b')).toMatchObject({ lane: { state: 'open' } })
    },
  )

  test('clears the parts of a group and leaves unmapped properties beside them', async () => {
    const it = start({ systems: { a: {}, b: { nested: 'replace' } }, adjust: withLenses(plainEmpties) })
    const nativeId = await it.linked('a', 'x', { code: '1', phone: { number: '17' } })
    it.system('b').edit(nativeId, { phone: { number: '17', extension: '4' } })
    await it.mark('b', nativeId)
    await it.advance(60_000)
    await it.edit('a', 'x', { phone: null })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)?.phone).toEqual({ number: null, extension: '4' })
  })
})
