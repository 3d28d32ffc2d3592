import { afterEach, describe, expect, test } from 'vitest'
import { makePart, World, type WorldOptions } from '../../../test/support/engine-fixture.ts'
import type { WriteResult } from '../../connectors/kit/contract.ts'
import { namedFields } from './refused-fields.ts'

let world: World | undefined

function start(options: WorldOptions = {}): World {
  world = new World(options).start()
  return world
}

afterEach(async () => {
  await world?.stop()
  world = undefined
})

/** A system that refuses one value of one field, and names the field. */
const refusing =
  (field: string, bad: string, name = field) =>
  (body: Record<string, unknown>) =>
    body[field] === bad ? refusal(name) : undefined

const refusal = (...fields: readonly string[]): WriteResult => ({
  kind: 'rejected',
  failure: { code: 'HTTP_STATUS_FINAL', message: 'the value is retired', scope: 'record' },
  fields,
})

const failures = async (it: World) => (await it.store.admin.failures({ limit: 10 })).rows

describe('a refusal that names a field', () => {
  test('the other fields of the same write are sent, and the field has a failure of its own', async () => {
    const it = start()
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann', phone: '5' })
    it.system('b').judge = refusing('phone', '666')
    await it.edit('a', 'x', { name: 'Bea', phone: '666' })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea', phone: '5' })
    expect(it.system('b').count('update')).toBe(2)
    expect(await failures(it)).toMatchObject([
      {
        code: 'HTTP_STATUS_FINAL',
        system: 'b',
        signature: 'customer:b:update:HTTP_STATUS_FINAL:phone',
        message: 'phone: the value is retired',
      },
    ])
    // A read does not cause it to be sent again, and the system's old value is not taken for an edit.
    await it.mark('b', nativeId)
    await it.mark('a', 'x')
    await it.advance(5_000)
    expect(it.system('b').count('update')).toBe(2)
    expect(it.system('a').body('x')).toMatchObject({ phone: '666' })

    await it.edit('a', 'x', { phone: '7' })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Bea', phone: '7' })
    expect(await failures(it)).toEqual([])
    expect(await it.member('a', 'x', 'b')).toMatchObject({ lane: { state: 'open' } })
  })

  test('successive refusals leave the fields that none of them names', async () => {
    const it = start({ settings: { rounds: 1 } })
    const nativeId = await it.linked('a', 'x', { code: '1', name: 'Ann', phone: '5' })
    const byName = refusing('name', 'Bad')
    const byPhone = refusing('phone', '666')
    it.system('b').judge = (body) => byName(body) ?? byPhone(body)
    await it.edit('a', 'x', { code: '2', name: 'Bad', phone: '666' })
    await it.advance(5_000)
    expect(it.system('b').body(nativeId)).toMatchObject({ code: '2', name: 'Ann', phone: '5' })
    expect(it.system('b').count('update')).toBe(3)
  })

  test('a record is created without the refused field, unless the field is required', async () => {
    const it = start()
    it.system('b').judge = refusing('phone', '666')
    await it.edit('a', 'x', { code: '1', name: 'Ann', phone: '666' })
    await it.advance(5_000)
    expect(it.system('b').bodies()).toMatchObject([{ code: '1', name: 'Ann' }])
    expect(it.system('b').bodies()[0]).not.toHaveProperty('phone')
    expect(await failures(it)).toMatchObject([{ code: 'HTTP_STATUS_FINAL', system: 'b' }])
    expect(it.system('a').body('x')).toMatchObject({ phone: '666' })
    await it.edit('a', 'x', { phone: '7' })
    await it.advance(5_000)
    expect(it.system('b').bodies()).toMatchObject([{ code: '1', name: 'Ann', phone: '7' }])
    expect(await failures(it)).toEqual([])
  })

  test('a create that is refused as a whole is not sent in parts', async () => {
    const it = start()
    it.system('b').judge = () => refusal()
    await it.edit('a', 'x', { code: '1', name: 'Ann' })
    await it.advance(5_000)
    await it.mark('a', 'x')
    await it.advance(5_000)
    expect(it.system('b').count('create')).toBe(1)
  })
})

describe('names in a refusal', () => {
  const fields = ['tier', 'email', 'city', 'lines', 'name']
  const part = makePart('erp', 'partners', fields)
  const paths: Record<string, readonly (string | number)[]> = {
    tier: ['Tier__c'],
    email: ['contact_email'],
    city: ['address', 'city'],
    lines: ['lines'],
    name: ['name'],
  }
  const mapped = {
    ...part,
    fields: new Map(
      [...part.fields].map(([name, field]) => [
        name,
        { ...field, native: { paths: [paths[name] ?? []], expressions: [] } },
      ]),
    ),
  }
  const planned = {
    system: 'erp',
    operation: 'update',
    values: {},
    revs: Object.fromEntries(fields.map((name) => [name, 2])),
  } as const

  test.each([
    ['Tier__c', ['tier']],
    ['/data/attributes/Tier__c', ['tier']],
    ['#/contact_email', ['email']],
    ['ContactEmail', ['email']],
    ['contactEmail', ['email']],
    ['address', ['city']],
    ['address.city', ['city']],
    ['customer[address][city]', ['city']],
    ['lines[0].sku', ['lines']],
    ['lines.3.qty', ['lines']],
    ['input.name', ['name']],
    ['$.name', ['name']],
    ['/#TRANSIENT#/name', ['name']],
    ['tier', []],
    ['somethingElse', []],
    ['', []],
  ])('%s', (name, expected) => {
    expect(namedFields(mapped, planned, [name])).toEqual(expected)
  })
})
