import { afterEach, describe, expect, test } from 'vitest'
import { World } from '../../../test/support/engine-fixture.ts'
import type { Field, Integration } from '../../model/integration.ts'
import { compileLens } from '../../model/lens/compile-lens.ts'
import type { LensFieldSpec } from '../../model/lens/spec.ts'
import { plainEmpties } from '../../model/normalisers/contract.ts'
import type { FieldType } from '../../model/values.ts'

let world: World | undefined

afterEach(async () => {
  await world?.stop()
  world = undefined
})

const types: Readonly<Record<string, FieldType>> = {
  code: { kind: 'string' },
  name: { kind: 'string', maxLength: 5 },
  phone: { kind: 'enum', values: ['home', 'work'] },
}

/** The fixture's integration with typed fields; `changed` overrides parts of them. */
function typed(changed: Partial<Field> = {}): (integration: Integration) => Integration {
  const specs = Object.entries(types).map(
    ([name, type]): LensFieldSpec => ({
      name,
      type,
      readable: true,
      writable: true,
      source: { kind: 'path', path: [name], empties: plainEmpties },
    }),
  )
  return (integration) => {
    const [entity] = [...integration.entities.values()]
    if (entity === undefined) return integration
    const lens = compileLens({ fields: specs })
    const systems = new Map([...entity.systems].map(([name, part]) => [name, { ...part, lens }]))
    const fields = new Map(
      [...entity.fields].map(([name, field]) => [
        name,
        { ...field, type: types[name] ?? field.type, ...(name === 'name' ? changed : {}) },
      ]),
    )
    return { ...integration, entities: new Map([['customer', { ...entity, systems, fields }]]) }
  }
}

function start(changed?: Partial<Field>): World {
  world = new World({ adjust: typed(changed) }).start()
  return world
}

async function failures(it: World) {
  return (await it.store.admin.failures({ limit: 10 })).rows
}

describe('a value that violates the constraints of its field', () => {
  test.each([
    ['longer than it may be', { name: 'Annabelle' }, 'VALUE_TOO_LARGE', 'name'],
    ['outside its enum', { phone: 'moon' }, 'VALUE_ENUM', 'phone'],
    ['of another type', { phone: { a: 1 } }, 'VALUE_TYPE', 'phone'],
  ])(
    '%s is a failure that names field and system, and other fields continue',
    async (_, edit, code, field) => {
      const it = start()
      const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann', phone: 'home' })
      await it.edit('a', 'x', { code: '2', ...edit })
      await it.advance(5_000)
      expect(it.system('b').body(nativeId)).toMatchObject({ code: '2', name: 'Ann', phone: 'home' })
      const [failure] = await failures(it)
      expect(failure).toMatchObject({ system: 'a', operation: 'read', code, replay: 'safe' })
      expect(failure?.message).toContain(`${field} in a `)
      expect(JSON.stringify(failure)).not.toMatch(/Annabelle|moon/)
      expect(await it.member('a', 'x', 'a')).toMatchObject({ lane: { state: 'open' } })
    },
  )

  test('resolves once the value is valid again, and the value is synced', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann', phone: 'home' })
    await it.edit('a', 'x', { name: 'Annabelle', phone: 'moon' })
    await it.advance(5_000)
    expect((await failures(it))[0]?.message).toContain('phone')
    await it.edit('a', 'x', { name: 'Anna' })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Anna', phone: 'home' })
    expect(await failures(it)).toMatchObject([{ operation: 'read', code: 'VALUE_ENUM' }])
    await it.edit('a', 'x', { phone: 'work' })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Anna', phone: 'work' })
    expect(await failures(it)).toEqual([])
  })

  test('is reported from the first read on, and does not prevent the create elsewhere', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Annabelle', phone: 'home' })
    expect(it.system('b').body(nativeId)).toMatchObject({ code: '1', phone: 'home' })
    expect(it.system('b').body(nativeId)).not.toHaveProperty('name')
    expect(await failures(it)).toMatchObject([{ system: 'a', operation: 'read', code: 'VALUE_TOO_LARGE' }])
  })

  test('does not hide that the system refuses our writes', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann', phone: 'home' })
    const failure = { code: 'HTTP_STATUS_FINAL', message: 'refused', scope: 'record' } as const
    it.system('b').failNext('update', { kind: 'response', result: { kind: 'rejected', failure } })
    await it.edit('a', 'x', { name: 'Bea' })
    await it.advance(5_000)
    expect(await failures(it)).toMatchObject([{ system: 'b', operation: 'update' }])
    await it.edit('b', nativeId, { phone: 'moon' })
    await it.advance(5_000)
    expect(await failures(it)).toMatchObject([{ system: 'b', operation: 'update' }])
    await it.edit('a', 'x', { name: 'Cat' })
    await it.advance(60_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Cat' })
    await it.mark('b', nativeId)
    await it.advance(5_000)
    expect(await failures(it)).toMatchObject([{ system: 'b', operation: 'read', code: 'VALUE_ENUM' }])
  })

  test('covers one that a normaliser fails on', async () => {
    const it = start({
      normalise: (value) => {
        if (value === 'Bea') throw new TypeError('canary')
        return value
      },
    })
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann', phone: 'home' })
    await it.edit('a', 'x', { code: '2', name: 'Bea' })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ code: '2', name: 'Ann' })
    expect(await failures(it)).toMatchObject([{ system: 'a', operation: 'read', code: 'MAPPING_FAILED' }])
    expect(JSON.stringify(await failures(it))).not.toContain('canary')
  })
})
