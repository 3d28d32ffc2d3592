import { afterEach, expect, test } from 'vitest'
import { World } from '../../../test/support/engine-fixture.ts'
import type { LookupResult } from '../../connectors/kit/contract.ts'
import { compileExpression } from '../../model/expression.ts'
import type { Integration, Rule } from '../../model/integration.ts'
import type { LookupQuestion } from '../../model/lookup.ts'

let world: World | undefined

afterEach(async () => {
  await world?.stop()
  world = undefined
})

const lookups = new Set(['geocode'])
const setPhone = (to: string): Rule => ({ kind: 'set', field: 'phone', to: compileExpression(to, lookups) })

interface Atlas {
  readonly it: World
  readonly asked: string[]
  /** Answers by argument; a place that is not in the map is not found. */
  readonly places: Map<string, LookupResult>
}

/** Two systems, and an atlas that provides lookups but holds no records. */
function start(...rules: readonly Rule[]): Atlas {
  const adjust = (integration: Integration): Integration => {
    const [entity] = [...integration.entities.values()]
    if (entity === undefined) return integration
    const sides = new Map([...entity.systems].filter(([name]) => name !== 'atlas'))
    return {
      ...integration,
      lookups: new Map([['geocode', 'atlas']]),
      entities: new Map([[entity.name, { ...entity, systems: sides, rules }]]),
    }
  }
  const it = new World({ systems: { a: {}, b: {}, atlas: {} }, adjust })
  const asked: string[] = []
  const places = new Map<string, LookupResult>()
  Object.assign(it.system('atlas'), {
    lookup: async ({ argument }: LookupQuestion): Promise<LookupResult> => {
      asked.push(argument)
      return places.get(argument) ?? { kind: 'nothing' }
    },
  })
  world = it.start()
  return { it, asked, places }
}

const found = (value: unknown): LookupResult => ({ kind: 'found', value })
const failing = (retryAfterMs?: number): LookupResult => ({
  kind: 'unknown',
  failure: {
    code: 'LOOKUP_FAILED',
    message: 'Google says: OVER_QUERY_LIMIT.',
    scope: 'record',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  },
})

async function failureOf(it: World): Promise<string | undefined> {
  return (await it.store.admin.failures({ limit: 10 })).rows[0]?.message
}

test('lookups are answered before anything is written, and the answer is kept with the field that depends on it', async () => {
  const { it, asked, places } = start(setPhone('$geocode(name).city'))
  places.set('Unter den Linden 1', found({ city: 'Berlin' }))
  const nativeId = await it.linked('a', 'x', { code: '1', name: 'Unter den Linden 1' })
  expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Unter den Linden 1', phone: 'Berlin' })
  expect(it.system('a').body('x')).toMatchObject({ phone: 'Berlin' })
  expect(asked).toEqual(['Unter den Linden 1'])
  const { record } = await it.record('a', 'x')
  expect(record.fields.phone).toMatchObject({
    value: 'Berlin',
    src: 'rule',
    answers: [{ lookup: 'geocode', argument: 'Unter den Linden 1', value: { city: 'Berlin' } }],
  })
})

test('a lookup is not repeated until its argument changes', async () => {
  const { it, asked, places } = start(setPhone('$geocode(name).city'))
  places.set('Linden 1', found({ city: 'Berlin' })).set('Rambla 2', found({ city: 'Barcelona' }))
  const nativeId = await it.linked('a', 'x', { code: '1', name: 'Linden 1' })
  // An edit of another field, and one of the field itself, which the rule corrects from the kept answer.
  places.set('Linden 1', failing())
  await it.edit('a', 'x', { code: '2' })
  await it.advance(5_000)
  expect(it.system('b').body(nativeId)).toMatchObject({ code: '2', phone: 'Berlin' })
  expect(asked).toEqual(['Linden 1'])
  await it.edit('a', 'x', { name: 'Rambla 2' })
  await it.advance(5_000)
  expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Rambla 2', phone: 'Barcelona' })
  expect(asked).toEqual(['Linden 1', 'Rambla 2'])
})

test('without an answer nothing is written, the reason is reported, and the record is retried', async () => {
  const { it, asked, places } = start(setPhone('$geocode(name).city'))
  places.set('Linden 1', failing(30_000))
  await it.edit('a', 'x', { code: '1', name: 'Linden 1' })
  await it.advance(5_000)
  expect(it.system('b').bodies()).toEqual([])
  expect(await failureOf(it)).toBe(
    'rule 1 (set phone) could not be evaluated: $geocode could not be asked: Google says: OVER_QUERY_LIMIT.',
  )
  const before = asked.length
  places.set('Linden 1', found({ city: 'Berlin' }))
  await it.advance(15_000)
  expect(asked).toHaveLength(before)
  await it.advance(30_000)
  expect(it.system('b').bodies()).toMatchObject([{ name: 'Linden 1', phone: 'Berlin' }])
  expect(await failureOf(it)).toBeUndefined()
})

test('an address that is not found stops the record’s writes with a clear failure, and no field is cleared', async () => {
  const { it, asked, places } = start(setPhone('$geocode(name).city'))
  places.set('Linden 1', found({ city: 'Berlin' }))
  const nativeId = await it.linked('a', 'x', { code: '1', name: 'Linden 1' })
  await it.edit('a', 'x', { name: 'Nowhere 0' })
  await it.advance(60_000)
  expect(it.system('b').body(nativeId)).toMatchObject({ name: 'Linden 1', phone: 'Berlin' })
  expect(await failureOf(it)).toBe('rule 1 (set phone) could not be evaluated: $geocode found nothing')
  expect(asked.filter((argument) => argument === 'Nowhere 0')).toHaveLength(1)
  await it.edit('a', 'x', { name: 'Linden 1' })
  await it.advance(5_000)
  expect(await failureOf(it)).toBeUndefined()
})

test('lookups of several rules are batched, equal ones are sent once, and an answer may lead to another lookup', async () => {
  const { it, asked, places } = start(setPhone('$geocode(name).city'), {
    kind: 'set',
    field: 'code',
    to: compileExpression('$geocode($geocode(name).city).id', lookups),
  })
  places.set('Linden 1', found({ city: 'Berlin' })).set('Berlin', found({ id: '030' }))
  const nativeId = await it.linked('a', 'x', { code: '1', name: 'Linden 1' })
  expect(it.system('b').body(nativeId)).toMatchObject({ code: '030', phone: 'Berlin' })
  expect(asked).toEqual(['Linden 1', 'Berlin'])
})

test('an atlas that throws or never responds gives no answer', async () => {
  const { it } = start(setPhone('$geocode(name).city'))
  Object.assign(it.system('atlas'), {
    lookup: () => {
      throw new RangeError('Linden 1 is a secret')
    },
  })
  await it.edit('a', 'x', { code: '1', name: 'Linden 1' })
  await it.advance(5_000)
  expect(await failureOf(it)).toMatch(/could not be asked: The call failed in an unexpected way/)
  Object.assign(it.system('atlas'), { lookup: () => new Promise(() => undefined) })
  await it.edit('a', 'x', { code: '2' })
  await it.advance(30_000)
  expect(await failureOf(it)).toMatch(/no answer within \d+ ms/)
  expect(it.system('b').bodies()).toEqual([])
})
