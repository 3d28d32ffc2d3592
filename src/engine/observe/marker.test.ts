import { afterEach, describe, expect, test } from 'vitest'
import { World } from '../../../test/support/engine-fixture.ts'
import type { RemoteCapabilities } from '../../connectors/kit/capabilities.ts'
import type { Integration } from '../../model/integration.ts'

let world: World | undefined

afterEach(async () => {
  await world?.stop()
  world = undefined
})

function withKey(integration: Integration): Integration {
  const [entity] = [...integration.entities.values()]
  const b = entity?.systems.get('b')
  if (entity === undefined || b === undefined) return integration
  const systems = new Map([...entity.systems, ['b', { ...b, key: 'ourId' }]])
  return { ...integration, entities: new Map([['customer', { ...entity, systems }]]) }
}

/**
 * A world in which the connector of `b` declares no property for our record ids, and the definition names
 * one.
 */
function start(b: Partial<RemoteCapabilities> = {}): World {
  world = new World({ systems: { a: {}, b: { create: 'none', ...b } }, adjust: withKey })
  const system = world.system('b')
  const resource = system.resource.bind(system)
  system.resource = (name) => {
    const { markerOf: _markerOf, ...others } = resource(name)
    return others
  }
  return world.start()
}

describe('a key that only the definition names', () => {
  test('carries the record id in creates', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann' })
    const { record } = await it.record('a', 'x')
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Ann', ourId: record.id })
  })

  test('finds a create whose response was lost', async () => {
    const it = start()
    it.system('b').failNext('create', { kind: 'silence', appliesAfterMs: 500 })
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(60_000)
    expect(it.system('b').bodies()).toHaveLength(1)
    expect(await it.member('a', 'x', 'b')).toMatchObject({ state: 'linked', lane: { state: 'open' } })
  })

  test('identifies the record of a native record', async () => {
    const it = start({ search: undefined } as object)
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    it.system('b').failNext('create', { kind: 'silence', appliesAfterMs: 500 })
    await it.advance(60_000)
    const { record } = await it.record('a', 'x')
    it.system('b').edit('other', { code: '9', name: 'Ann', ourId: record.id })
    await it.mark('b', 'other')
    await it.advance(60_000)
    expect(await it.member('a', 'x', 'b')).toMatchObject({ nativeId: 'other', state: 'linked' })
  })
})
