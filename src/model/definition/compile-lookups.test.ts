import { expect, test } from 'vitest'
import { type Compilation, checkDefinition } from './compile-integration.ts'
import type { LookupsOf } from './compile-lookups.ts'

const lookups: LookupsOf = (connector) => (connector === 'google-maps' ? ['geocode'] : undefined)

const side = (more: object = {}) => ({
  resource: 'customers',
  map: { address: 'address', lat: 'lat' },
  triggers: [{ poll: '1m' }],
  ...more,
})

function check(rules: readonly object[], more: { systems?: object; sides?: object } = {}): Compilation {
  const definition = {
    integration: 'shop',
    systems: {
      crm: { connector: 'rest' },
      erp: { connector: 'rest' },
      maps: { connector: 'google-maps' },
      ...more.systems,
    },
    entities: {
      customer: {
        fields: { address: 'string', lat: 'decimal' },
        match: 'never',
        systems: { crm: side(), erp: side(), ...more.sides },
        rules,
      },
    },
  }
  return checkDefinition(definition, { hash: () => 'h', lookups })
}

const messages = ({ findings }: Compilation): string[] =>
  findings
    .filter(({ severity }) => severity === 'error')
    .map(({ path, message }) => `${path.join('.')}: ${message}`)

test('a set rule may use a lookup, and the integration knows which system provides it', () => {
  const checked = check([{ set: 'lat', to: '$geocode(address).lat' }])
  expect(messages(checked)).toEqual([])
  expect(checked.integration?.lookups).toEqual(new Map([['geocode', 'maps']]))
  expect(checked.integration?.entities.get('customer')?.rules).toMatchObject([
    { to: { lookups: ['geocode'] } },
  ])
})

test('other rules may not use lookups, since nothing would store the answer', () => {
  const checked = check([
    { require: '$geocode(address).country = "DE"', message: 'abroad' },
    { when: '$geocode(address).partialMatch', hold: true, message: 'unclear' },
  ])
  expect(messages(checked)).toEqual([
    'entities.customer.rules.0.require: only a set rule may ask $geocode',
    'entities.customer.rules.1.when: only a set rule may ask $geocode',
  ])
})

test('a system that provides lookups is not part of an entity', () => {
  const checked = check([], { sides: { maps: side() } })
  expect(messages(checked)).toEqual([
    'entities.customer.systems.maps: maps has no records: it only provides lookups for rules ($geocode)',
  ])
})

test('two systems that provide the same lookup are refused', () => {
  const checked = check([], { systems: { atlas: { connector: 'google-maps' } } })
  expect(messages(checked)).toEqual([
    'systems.atlas.connector: maps and atlas both define $geocode, so it is ambiguous',
  ])
})
