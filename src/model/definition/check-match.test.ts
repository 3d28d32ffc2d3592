import { describe, expect, test } from 'vitest'
import { checkDefinition } from './compile-integration.ts'

const part = (map: Record<string, unknown>, more: object = {}) => ({
  resource: 'customers',
  map,
  triggers: [{ poll: '1m' }],
  ...more,
})
const both = { email: 'email', code: 'code' }

/** The findings about `match`, and their paths. */
function found(systems: Record<string, object>, match?: unknown): readonly string[] {
  const { findings } = checkDefinition(
    {
      integration: 'shop',
      systems: Object.fromEntries(Object.keys(systems).map((name) => [name, { connector: 'rest' }])),
      entities: {
        customer: {
          fields: {
            email: 'string',
            code: 'string',
            address: { type: 'group', fields: { city: 'string', zip: 'string' } },
          },
          systems,
          ...(match === undefined ? {} : { match }),
        },
      },
    },
    { hash: () => 'h' },
  )
  return findings
    .filter(({ severity }) => severity === 'error')
    .map(({ path, message }) => `${path.join('.')}: ${message}`)
}

const missing = (systems: string) =>
  `entities.customer.match: nothing says how records that ${systems} hold already are recognised as the same: each would be created a second time`
const apart = (systems: string) =>
  `entities.customer.match: no rule has all its fields read in ${systems}, so none of their records would be recognised as the same`

describe('an entity without match', () => {
  test("is refused where each of two systems may get copies of the other's records", () => {
    expect(found({ crm: part(both), erp: part(both) })).toEqual([missing('crm and erp')])
  })

  test('is refused where records are created in one of two systems that have records of their own', () => {
    const crm = part(both, { operations: ['update'] })
    expect(found({ crm, erp: part(both) })).toEqual([missing('crm and erp')])
    const source = part(both, { direction: 'source' })
    expect(found({ crm: source, erp: part(both), shop: part(both) })).toEqual([missing('crm, erp and shop')])
  })

  test('is accepted where the definition requests it', () => {
    expect(found({ crm: part(both), erp: part(both) }, 'never')).toEqual([])
  })

  test('is accepted where nothing is created in a system that is read', () => {
    const source = part(both, { direction: 'source' })
    expect(found({ crm: source, erp: part(both, { direction: 'target' }) })).toEqual([])
    const update = part(both, { operations: ['update'] })
    expect(found({ crm: update, erp: update })).toEqual([])
    expect(found({ crm: part(both) })).toEqual([])
  })

  test('is equally refused with an empty list, or with a typing error', () => {
    expect(found({ crm: part(both), erp: part(both) }, [])).toEqual([
      'entities.customer.match: the list contains no rule',
    ])
    expect(found({ crm: part(both), erp: part(both) }, 'nevr')).toEqual([
      'entities.customer.match: "nevr" is not known here',
    ])
  })
})

describe('match rules', () => {
  test('have to be read in the systems that they apply to', () => {
    const exact = [{ exact: ['email'] }]
    expect(found({ crm: part(both), erp: part(both) }, exact)).toEqual([])
    expect(found({ crm: part(both), erp: part({ code: 'code' }) }, exact)).toEqual([apart('crm and erp')])
    const written = part({ ...both, email: { path: 'email', direction: 'write' } })
    expect(found({ crm: part(both), erp: written }, exact)).toEqual([apart('crm and erp')])
  })

  test('need all fields of an equality, and one of a score', () => {
    const systems = { crm: part(both), erp: part({ code: 'code' }) }
    expect(found(systems, [{ normalised: ['code', 'email'] }])).toEqual([apart('crm and erp')])
    expect(found(systems, [{ score: { code: 1, email: 1, link: 0.9, review: 0.5 } }])).toEqual([])
  })

  test('count a part of a group only where the system has it', () => {
    const zip = [{ exact: ['address.zip'] }]
    const whole = part({ address: { city: 'city', zip: 'zip' } })
    const half = part({ address: { city: 'town' } })
    expect(found({ crm: whole, erp: whole }, zip)).toEqual([])
    expect(found({ crm: whole, erp: half }, zip)).toEqual([apart('crm and erp')])
  })

  test('may join two systems through a third', () => {
    const systems = { crm: part({ email: 'email' }), erp: part({ code: 'code' }), shop: part(both) }
    expect(found(systems, [{ exact: ['email'] }, { exact: ['code'] }])).toEqual([])
    expect(found(systems, [{ exact: ['email'] }])).toEqual([apart('crm and erp')])
  })
})
