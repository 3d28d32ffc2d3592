import { afterEach, describe, expect, test } from 'vitest'
import { World } from '../../../test/support/engine-fixture.ts'
import type { Integration } from '../../model/integration.ts'
import { compileLens } from '../../model/lens/compile-lens.ts'
import type { LensFieldSpec, NativePath } from '../../model/lens/spec.ts'
import { plainEmpties } from '../../model/normalisers/contract.ts'

let world: World | undefined

afterEach(async () => {
  await world?.stop()
  world = undefined
})

/** New records of `b` are of one kind, and only that kind is in scope there. */
function withKind(integration: Integration): Integration {
  const [entity] = [...integration.entities.values()]
  const b = entity?.systems.get('b')
  if (entity === undefined || b === undefined) return integration
  const part = {
    ...b,
    onCreate: { kind: '2' },
    inScope: (native: object) => Reflect.get(native, 'kind') === '2',
  }
  const systems = new Map([...entity.systems, ['b', part]])
  return { ...integration, entities: new Map([['customer', { ...entity, systems }]]) }
}

/** `name` is the text of the first position in `b`, and each new record has two positions with a material. */
function withPositions(integration: Integration): Integration {
  const [entity] = [...integration.entities.values()]
  const b = entity?.systems.get('b')
  if (entity === undefined || b === undefined) return integration
  const text = (name: string, ...path: NativePath): LensFieldSpec => ({
    name,
    type: { kind: 'string' },
    readable: true,
    writable: true,
    source: { kind: 'path', path, empties: plainEmpties },
  })
  const lens = compileLens({
    fields: [text('code', 'code'), text('name', 'positions', 0, 'text')],
  })
  const part = { ...b, lens, onCreate: { positions: [{ material: 'M-1' }, { material: 'M-2' }] } }
  const systems = new Map([...entity.systems, ['b', part]])
  return { ...integration, entities: new Map([['customer', { ...entity, systems }]]) }
}

describe('values that a definition sets on every new record', () => {
  test('are part of the create, and never of an update', async () => {
    const it = new World({ systems: { a: {}, b: {} }, adjust: withKind })
    world = it
    it.start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Ann', kind: '2' })
    it.system('b').edit(nativeId, { code: '1', name: 'Ann', kind: '2', note: 'theirs' })
    await it.edit('a', 'x', { code: '1', name: 'Bea' })
    await it.advance(60_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea', kind: '2', note: 'theirs' })
  })

  test('are combined with the fields in the elements of a list', async () => {
    const it = new World({ systems: { a: {}, b: {} }, adjust: withPositions })
    world = it
    it.start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    expect(it.system('b').body(nativeId)).toMatchObject({
      code: '1',
      positions: [{ material: 'M-1', text: 'Ann' }, { material: 'M-2' }],
    })
  })
})
