import { afterEach, describe, expect, test } from 'vitest'
import { makeField, makePart, World } from '../../test/support/engine-fixture.ts'
import type { Integration } from '../model/integration.ts'
import { Admission } from './admission.ts'

let world: World | undefined

afterEach(async () => {
  await world?.stop()
  world = undefined
})

/** The fixture's integration with this many fields. */
function withFields(integration: Integration, count: number): Integration {
  const [entity] = [...integration.entities.values()]
  if (entity === undefined) return integration
  const names = ['code', 'name', ...Array.from({ length: count - 2 }, (_, n) => `field${n}`)]
  const fields = new Map(
    names.map((name) => [name, makeField(name, { kind: 'string' }, { kind: 'prefer', rank: ['a', 'b'] })]),
  )
  const systems = new Map(
    [...entity.systems].map(([name, part]) => [
      name,
      { ...part, fields: makePart(name, 'customer', names).fields },
    ]),
  )
  return { ...integration, entities: new Map([['customer', { ...entity, fields, systems }]]) }
}

const limits = { inFlight: 256, inFlightBytes: 2_000_000, batchMax: 256 }

function admissionOf(fields: number, bounds = limits): Admission {
  world = new World({ adjust: (integration) => withFields(integration, fields) })
  return new Admission(bounds, world.integration)
}

describe('the admission of records', () => {
  test('records of usual size are bounded by their number', () => {
    expect(admissionOf(20).free).toBe(256)
  })

  test('wide records are bounded by their size', () => {
    const admission = admissionOf(500)
    expect(admission.free).toBeGreaterThan(10)
    expect(admission.free).toBeLessThan(50)
  })

  test('a record is admitted alone, whatever its size', () => {
    const admission = admissionOf(500, { ...limits, inFlightBytes: 1 })
    expect(admission.free).toBe(1)
    const end = admission.begin('customer')
    expect(admission.free).toBe(0)
    end()
    expect(admission.free).toBe(1)
  })

  test('long values count as soon as passes have shown them', () => {
    const admission = admissionOf(20)
    const text = 'x'.repeat(200_000)
    const size = {
      record: { fields: { name: { value: text, rev: 1, src: 'a', at: 1 } } },
      members: new Map([['a', { fields: { name: { shadow: text, acked: 1 } } }]]),
    }
    for (let pass = 0; pass < 200; pass += 1) admission.begin('customer')(size)
    expect(admission.free).toBeLessThan(20)
  })

  test('a worker processes no more wide records at a time than their size allows', async () => {
    const it = new World({
      settings: { inFlightBytes: 400_000 },
      adjust: (integration) => withFields(integration, 500),
    }).start()
    world = it
    let most = 0
    for (let i = 0; i < 40; i += 1) await it.edit('a', `x${i}`, { code: String(i) })
    for (let i = 0; i < 200; i += 1) {
      await it.advance(5)
      most = Math.max(most, it.engine.inFlight)
    }
    expect(most).toBeGreaterThan(2)
    expect(most).toBeLessThan(12)
    await it.advance(5_000)
    expect(it.system('b').bodies()).toHaveLength(40)
  })
})
