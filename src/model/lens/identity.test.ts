import { describe, expect, test } from 'vitest'
import { checkDefinition } from '../definition/compile-integration.ts'
import { describeLensChanges } from './describe-changes.ts'
import { identityText, versioned, versionOf } from './identity.ts'

const definition = (erp: object, fields: object = {}, where?: object) => ({
  integration: 'test',
  systems: {
    crm: { connector: 'rest', url: 'https://crm.example' },
    erp: { connector: 'rest', url: 'https://erp.example' },
  },
  entities: {
    customer: {
      fields: { code: 'string', phone: 'string', ...fields },
      match: [{ exact: ['code'] }],
      systems: {
        crm: { resource: 'contacts', map: { code: 'code', phone: 'phone' }, triggers: [{ poll: '1m' }] },
        erp: {
          resource: 'partners',
          map: { code: 'code', ...erp },
          triggers: [{ poll: '1m' }],
          ...(where && { where }),
        },
      },
    },
  },
})

function compiled(value: object) {
  // Long enough that no two texts of these tests collide.
  const hash = (text: string) =>
    [...text]
      .reduce((sum, char) => (sum * 31n + BigInt(char.charCodeAt(0))) % (1n << 61n), 7n)
      .toString(16)
      .padStart(16, '0')
      .slice(-16)
  return checkDefinition(value, { hash })
}

function lensesOf(value: object) {
  const { integration, findings } = compiled(value)
  if (integration === undefined) throw new RangeError(JSON.stringify(findings))
  return [...(integration.entities.get('customer')?.systems.values() ?? [])].flatMap(
    ({ lenses }) => lenses ?? [],
  )
}

const phoneIn = (value: object) => lensesOf(value).find(({ system }) => system === 'erp')?.fields.phone

describe('the identity of a lens', () => {
  const base = definition({ phone: 'phone' })

  test('is the same however the same mapping is written', () => {
    expect(phoneIn(definition({ phone: { path: 'phone' } }))).toBe(phoneIn(base))
    expect(phoneIn(definition({ phone: { path: 'phone', spells: { null: 'null' } } }))).toBe(phoneIn(base))
    expect(phoneIn(definition({ phone: { path: 'phone', acceptRaceWindow: true, nullable: false } }))).toBe(
      phoneIn(base),
    )
    const oneWay = definition({ phone: { values: { A: 'on', I: 'off' }, path: 'phone' } })
    expect(phoneIn(definition({ phone: { path: 'phone', values: { I: 'off', A: 'on' } } }))).toBe(
      phoneIn(oneWay),
    )
  })

  test.each([
    ['the path', { phone: 'telephone' }],
    ['a normaliser', { phone: { path: 'phone', normalize: ['digits'] } }],
    ['a bound', { phone: { path: 'phone', maxLength: 10 } }],
    ['a value map', { phone: { path: 'phone', values: { A: 'on' } } }],
    ['the representation of nothing', { phone: { path: 'phone', spells: { null: 'empty' } } }],
    ['an expression', { phone: { read: 'phone & ""', write: 'phone', path: 'phone' } }],
    ['whether it is read', { phone: { path: 'phone', direction: 'write' } }],
  ])('changes with %s, in that system only', (_what, erp) => {
    const [crm, changed] = lensesOf(definition(erp))
    const [crmBefore, before] = lensesOf(base)
    expect(changed?.fields.phone).not.toBe(before?.fields.phone)
    expect(changed?.fields.phone?.split('.')[0]).toBe(before?.fields.phone?.split('.')[0])
    expect(changed?.fields.code).toBe(before?.fields.code)
    expect(crm).toEqual(crmBefore)
  })

  test('changes in all systems with the type or the normalisers of the field', () => {
    for (const phone of ['integer', { type: 'string', normalize: ['trim'] }]) {
      const changes = describeLensChanges(lensesOf(base), lensesOf(definition({ phone: 'phone' }, { phone })))
      expect(changes.map(({ system, field, kind }) => [system, field, kind])).toEqual([
        ['crm', 'phone', 'field'],
        ['erp', 'phone', 'field'],
      ])
    }
  })

  test('distinguishes filters, and added and removed fields', () => {
    const filtered = lensesOf(definition({ phone: 'phone' }, {}, { type: 'A' }))
    expect(describeLensChanges(lensesOf(base), filtered)).toMatchObject([{ system: 'erp', kind: 'scope' }])
    const without = lensesOf(definition({}))
    expect(describeLensChanges(lensesOf(base), without)).toMatchObject([{ field: 'phone', kind: 'removed' }])
    expect(describeLensChanges(without, lensesOf(base))).toMatchObject([{ field: 'phone', kind: 'added' }])
    expect(describeLensChanges(lensesOf(base).slice(0, 1), lensesOf(base))).toMatchObject([
      { system: 'erp', kind: 'joined' },
    ])
    expect(describeLensChanges(lensesOf(base), lensesOf(base).slice(0, 1))).toMatchObject([
      { system: 'erp', kind: 'left' },
    ])
  })

  test("uses a function's version, and its source where it has none", () => {
    const digits = (value: unknown) => value
    const marked = (version: string) => ({
      phone: { path: 'phone', normalize: [versioned(version, digits as never)] },
    })
    expect(phoneIn(definition(marked('1')))).not.toBe(phoneIn(definition(marked('2'))))
    expect(phoneIn(definition(marked('1')))).toBe(phoneIn(definition(marked('1'))))
    const bare = compiled(definition({ phone: { path: 'phone', normalize: [digits] } }))
    expect(bare.findings).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('without a version') },
    ])
    expect(compiled(definition(marked('1'))).findings).toEqual([])
  })
})

describe('versioned', () => {
  test('returns a function that behaves like the given one', () => {
    const double = versioned(2, (value: number) => value * 2)
    expect([double(3), versionOf(double), String(double)]).toEqual([6, '2', '(value) => value * 2'])
    expect(versionOf((value: number) => value)).toBeUndefined()
  })
})

describe('the text of a declaration', () => {
  test('is independent of the order of keys, of undefined, and of maps', () => {
    expect(identityText({ b: 1, a: undefined, c: [2] })).toBe('{"b":1,"c":[2]}')
    expect(
      identityText(
        new Map([
          ['b', 1],
          ['a', 2],
        ]),
      ),
    ).toBe('<"a":2,"b":1>')
  })
})
