import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Candidate, Entity, Integration } from '../integration.ts'
import { checkLaws, lawSubject } from '../laws/laws.ts'
import type { CanonicalValue, NativeRecord } from '../values.ts'
import { checkDefinition, compileIntegration, definitionText } from './compile-integration.ts'
import { defineIntegration } from './define-integration.ts'
import { findingsOf } from './finding.ts'
import { parseDefinition } from './parse-definition.ts'

const hash = (text: string) => `hash of ${text.length}`
const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const fixture = readFileSync(new URL('./fixtures/customer-sync.yaml', import.meta.url), 'utf8')

function compiled(): Integration {
  const { integration, findings } = parseDefinition(fixture, { hash })
  expect(findings.filter((finding) => finding.severity === 'error')).toEqual([])
  if (integration === undefined) throw new TypeError('the fixture was refused')
  return integration
}

function entityOf(integration: Integration, name: string): Entity {
  const entity = integration.entities.get(name)
  if (entity === undefined) throw new TypeError(`no entity ${name}`)
  return entity
}

function small(field: object | string, mapping: unknown, extra: object = {}) {
  return checkDefinition(
    {
      integration: 'small',
      systems: { a: { connector: 'rest' }, b: { connector: 'rest' } },
      entities: {
        thing: {
          fields: { value: field },
          match: 'never',
          systems: {
            a: { resource: 'as', map: { value: mapping }, triggers: [{ poll: '1s' }], ...extra },
            b: {
              resource: 'bs',
              map: { value: { read: 'value', write: 'value' } },
              triggers: [{ poll: '1s' }],
            },
          },
        },
      },
    },
    { hash },
  )
}

function smallEntity(field: object | string, mapping: unknown, extra: object = {}) {
  const { integration, findings } = small(field, mapping, extra)
  const entity = integration?.entities.get('thing')
  const system = entity?.systems.get('a')
  if (entity === undefined || system === undefined) throw new TypeError(JSON.stringify(findings))
  return { entity, system }
}

function smallSystem(field: object | string, mapping: unknown, extra: object = {}) {
  return smallEntity(field, mapping, extra).system
}

/** The laws that a mapping violates on one record and one value to be written. */
async function brokenLaws(
  field: object | string,
  mapping: unknown,
  native: NativeRecord,
  value: CanonicalValue,
) {
  const { entity, system } = smallEntity(field, mapping)
  return checkLaws(lawSubject(entity, system, 'replace'), native, { value }, { reveal: true })
}

describe('a compiled definition', () => {
  test('has the systems with their settings, engine and connector apart', () => {
    const crm = compiled().systems.get('crm')
    expect(crm).toMatchObject({
      connector: 'salesforce',
      timing: { readTimeoutMs: 10_000, writeTimeoutMs: 10_000, concurrency: 10 },
      config: { limits: { perDay: 100_000, reserve: '30 %' } },
    })
    expect(crm?.config).not.toHaveProperty('connector')
  })

  test('has typed fields with owner, sensitivity and normalisers', () => {
    const { fields } = entityOf(compiled(), 'customer')
    expect(fields.get('name')).toMatchObject({ required: true, type: { kind: 'string', maxLength: 80 } })
    expect(fields.get('email')).toMatchObject({ required: false, sensitivity: 'personal' })
    expect(fields.get('email')?.normalise('  Ada@Example.ORG ')).toBe('ada@example.org')
    expect(fields.get('creditLimit')).toMatchObject({ owner: 'erp', type: { kind: 'money' } })
    expect(fields.get('tags')?.type).toEqual({ kind: 'set', of: { kind: 'string' } })
  })

  test('gives every field its policy, with all systems ranked', () => {
    const { fields } = entityOf(compiled(), 'customer')
    expect(fields.get('name')?.policy).toEqual({ kind: 'prefer', rank: ['erp', 'crm'] })
    expect(fields.get('email')?.policy).toEqual({ kind: 'latest', skewMs: 5000, rank: ['erp', 'crm'] })
    expect(fields.get('status')?.policy).toEqual({ kind: 'manual' })
    expect(fields.get('tags')?.policy).toEqual({ kind: 'union' })
  })

  test('scales the weights of a score to one and keeps rules in order', () => {
    const { match, rules } = entityOf(compiled(), 'customer')
    expect(match.map((rule) => rule.kind)).toEqual(['exact', 'exact', 'score'])
    expect(match[2]).toMatchObject({
      weights: { name: 0.6, 'address.postalCode': 0.4 },
      link: 0.9,
      review: 0.7,
    })
    expect(rules.map((rule) => rule.kind)).toEqual(['require', 'set', 'hold'])
  })

  test('guards deletions narrowly and other changes widely', () => {
    const customer = entityOf(compiled(), 'customer')
    expect(customer.guard).toEqual({
      create: { share: 0.5, atLeast: 1000 },
      update: { share: 0.5, atLeast: 1000 },
      delete: { share: 0.01, atLeast: 10 },
    })
    expect(customer.delete).toEqual({ from: ['crm'], action: 'archive', confirmMs: 60_000 })
    expect(entityOf(compiled(), 'order').delete).toMatchObject({ from: [] })
  })

  test('turns the one-way form into a source, a target and their fields', () => {
    const order = entityOf(compiled(), 'order')
    expect(order.fields.get('soldTo')?.type).toEqual({ kind: 'ref', entity: 'customer' })
    const [crm, erp] = [order.systems.get('crm'), order.systems.get('erp')]
    expect(crm).toMatchObject({
      direction: 'source',
      operations: { create: false, update: false, delete: false },
    })
    expect(erp).toMatchObject({
      direction: 'target',
      operations: { create: true, update: false, delete: false },
    })
    expect(crm?.inScope({ StageName: 'Closed Won' })).toBe(true)
    expect(crm?.inScope({ StageName: 'Lost' })).toBe(false)
    expect(crm?.fields.get('soldTo')).toMatchObject({ readable: true, writable: false })
  })

  test('warns where an optional reference could be left out of a record that is never updated', () => {
    const warnings = (text: string) =>
      parseDefinition(text, { hash }).findings.filter(({ message }) => message.includes('never updated'))
    expect(warnings(fixture)).toMatchObject([
      { severity: 'warning', path: ['entities', 'order', 'map', 'soldTo', 'to'] },
    ])
    const required =
      '{ type: { type: ref, entity: customer, required: true }, path: AccountId → SoldToParty }'
    expect(warnings(fixture.replace('{ ref: customer, path: AccountId → SoldToParty }', required))).toEqual(
      [],
    )
    expect(warnings(fixture.replace('operations: [create]', 'operations: [create, update]'))).toEqual([])
  })

  test('reads and writes through the lenses it wires', async () => {
    const crm = entityOf(compiled(), 'customer').systems.get('crm')
    const native = { Name: 'Ada', Status__c: 'Customer', Tags__c: 'a;b', Email__c: null }
    const reading = await crm?.lens.read(native)
    expect(reading?.problems).toEqual([])
    expect(reading?.values).toMatchObject({ name: 'Ada', status: 'active', tags: ['a', 'b'], email: null })
    const writing = await crm?.lens.write({ status: 'blocked', tags: ['x', 'y'] }, native)
    expect(writing).toEqual({ patch: { Status__c: 'Blocked', Tags__c: 'x;y' }, problems: [] })
  })

  test('has the version of its text: order matters, and so does the source of a function', () => {
    const definition = defineIntegration({
      integration: 'one',
      systems: { a: { connector: 'rest' }, b: { connector: 'rest' } },
      entities: {},
    })
    const turned = { ...definition, systems: { b: definition.systems.b, a: definition.systems.a } }
    expect(definitionText(definition)).not.toBe(definitionText(turned))
    expect(definitionText({ ...definition, f: (x: number) => x + 1 } as typeof definition)).toContain('x + 1')
  })

  test('throws all findings at once when only the integration is requested', () => {
    const broken = { integration: 'Not An Id', systems: {}, entities: {}, project: { titel: 'x' } }
    const attempt = () => compileIntegration(broken as never, { hash, source: 'isthmus.yaml' })
    let refusal: unknown
    try {
      attempt()
    } catch (error) {
      refusal = error
    }
    expect(refusal).toMatchObject({ code: 'DEFINITION_INVALID' })
    expect(findingsOf(refusal).map(({ kind }) => kind)).toEqual(['value', 'unknown-key'])
    // Each of them with its kind: the message alone has to contain everything that is wrong.
    expect(attempt).toThrow(
      /^isthmus\.yaml has 2 mistakes:\n {2}integration: .*\[value\]\n {2}project\.titel: .*\[unknown-key\]$/,
    )
  })
})

describe('a mapping', () => {
  test('truncates, rounds and folds like its system', () => {
    expect(smallSystem('string', { path: 'v', maxLength: 3 }).fields.get('value')?.normalise('abcdef')).toBe(
      'abc',
    )
    expect(smallSystem('decimal', { path: 'v', scale: 1 }).fields.get('value')?.normalise('1.25')).toBe('1.3')
    const spells = smallSystem('string', { path: 'v', spells: { null: 'empty' } })
    expect(spells.fields.get('value')?.normalise('')).toBeNull()
  })

  test('takes the representation of empty values from its system unless it specifies its own', () => {
    const system = smallSystem('string', 'v', { spells: { null: 'empty' } })
    expect(system.fields.get('value')?.normalise('')).toBeNull()
  })

  test('is one way when it specifies that, or when only one half is there', () => {
    expect(smallSystem('string', { path: 'v', direction: 'read' }).fields.get('value')).toMatchObject({
      writable: false,
    })
    expect(smallSystem('string', { path: 'v', direction: 'write' }).fields.get('value')).toMatchObject({
      readable: false,
    })
    expect(smallSystem('string', { read: 'v' }).fields.get('value')).toMatchObject({
      readable: true,
      writable: false,
    })
  })

  test('accepts race windows one by one or for a whole system', () => {
    expect(
      smallSystem('string', { path: 'v', acceptRaceWindow: true }).fields.get('value')?.acceptRaceWindow,
    ).toBe(true)
    expect(smallSystem('string', 'v', { acceptRaceWindow: true }).fields.get('value')?.acceptRaceWindow).toBe(
      true,
    )
    expect(smallSystem('string', 'v').fields.get('value')?.acceptRaceWindow).toBe(false)
  })

  test('may be left out of a create unless its field is required', () => {
    expect(smallSystem('string', 'v').fields.get('value')?.nullable).toBe(true)
    expect(smallSystem({ type: 'string', required: true }, 'v').fields.get('value')?.nullable).toBe(false)
  })

  test('of a group handles each part separately', () => {
    const type = { type: 'group', fields: { zip: 'string', town: 'string' } }
    const system = smallSystem(type, { zip: { path: 'a.zip', maxLength: 2 }, town: 'a.town' })
    expect(system.fields.get('value')?.normalise({ zip: '12345', town: 'Uppsala' })).toEqual({
      zip: '12',
      town: 'Uppsala',
    })
  })

  test("checks length, places and format on the value after the field's normaliser", async () => {
    const field = { type: 'string', format: 'email', maxLength: 5, normalize: ['trim'] }
    const { lens } = smallSystem(field, 'v')
    expect(await lens.read({ v: '  a@b.c  ' })).toEqual({ values: { value: '  a@b.c  ' }, problems: [] })
    expect(await lens.read({ v: ' abc@b.c ' })).toMatchObject({
      values: {},
      problems: [{ field: 'value', code: 'VALUE_TOO_LARGE' }],
    })
  })

  test('of a group may leave parts out: what it stores, reads and writes has only the others', async () => {
    const type = { type: 'group', fields: { zip: 'string', town: 'string', note: 'string' } }
    const system = smallSystem(type, { zip: 'a.zip', town: 'a.town' })
    const settings = system.fields.get('value')
    expect(settings?.parts).toEqual(new Set(['zip', 'town']))
    const value = { zip: '12', town: 'Uppsala', note: 'x' }
    const stored = settings?.normalise(value) ?? null
    expect(stored).toEqual({ zip: '12', town: 'Uppsala' })
    expect(settings?.normalise({ zip: null, note: 'x' })).toBeNull()
    const { patch } = await system.lens.write({ value: stored }, undefined)
    expect((await system.lens.read(patch)).values).toEqual({ value: stored })
    expect(
      await brokenLaws(type, { zip: 'a.zip', town: 'a.town' }, { a: { zip: '1', more: 2 } }, value),
    ).toEqual([])
    expect(smallSystem(type, { zip: 'z', town: 't', note: 'n' }).fields.get('value')?.parts).toBeUndefined()
  })

  test('may be made of functions in TypeScript', async () => {
    const system = smallSystem('string', {
      read: (native: NativeRecord) => String(native.a),
      write: (value: CanonicalValue) => ({ a: value }),
    })
    expect((await system.lens.read({ a: 'x' })).values).toEqual({ value: 'x' })
    expect((await system.lens.write({ value: 'y' }, undefined)).patch).toEqual({ a: 'y' })
  })

  test('refuses to mix an expression with a function', () => {
    const { findings } = small('string', { read: 'v', write: (value: CanonicalValue) => value })
    expect(findings.map((finding) => finding.kind)).toContain('mapping')
  })

  test('writes an expression to the one path that is read, or to the path it names', async () => {
    const inferred = smallSystem('string', { read: '$lowercase(a.b)', write: '$uppercase(value)' })
    expect((await inferred.lens.write({ value: 'x' }, undefined)).patch).toEqual({ a: { b: 'X' } })
    const named = smallSystem('string', { path: 'c', read: '$lowercase(a.b)', write: '$uppercase(value)' })
    expect((await named.lens.write({ value: 'x' }, undefined)).patch).toEqual({ c: 'X' })
  })

  test('keeps the JSON type of the native values it maps', async () => {
    const field = { type: 'enum', values: ['on', 'off'] }
    const system = smallSystem(field, { path: 'v', as: 'number', values: { 1: 'on', 0: 'off' } })
    expect((await system.lens.read({ v: 1 })).values).toEqual({ value: 'on' })
    expect((await system.lens.write({ value: 'off' }, undefined)).patch).toEqual({ v: 0 })
  })
})

describe('the key of a system', () => {
  test.each(['k', 'k.id', { path: 'k', maxLength: 3 }])(
    'must not be mapped to a field as well: %j',
    (mapping) => {
      const { findings } = small('string', mapping, { key: 'k' })
      expect(findings.filter(({ severity }) => severity === 'error').map(({ message }) => message)).toEqual([
        'value is written to k, which is reserved for record ids',
      ])
    },
  )

  test('may be read as a field', () => {
    const { findings } = small('string', { path: 'k', direction: 'read' }, { key: 'k' })
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([])
  })
})

describe('a filter', () => {
  test('compares as text, supports lists and negations, and treats absent as null', () => {
    const { inScope } = smallSystem('string', 'v', {
      where: { 'a.n': 1, b: ['x', 'y'], c: { not: 'z' }, d: null },
    })
    expect(inScope({ a: { n: '1' }, b: 'y' })).toBe(true)
    expect(inScope({ a: { n: 1 }, b: 'y', c: 'z' })).toBe(false)
    expect(inScope({ a: { n: 1 }, b: 'q' })).toBe(false)
    expect(inScope({ b: 'x' })).toBe(false)
    expect(inScope({ a: { n: 1 }, b: 'x', d: 0 })).toBe(false)
  })
})

describe('a conflict policy', () => {
  test('may be a function in TypeScript', () => {
    const decide = (candidates: readonly Candidate[]) => candidates[0]?.value ?? null
    const { integration } = checkDefinition(
      {
        integration: 'one',
        systems: { a: { connector: 'rest' }, b: { connector: 'rest' } },
        entities: {
          thing: {
            fields: { value: 'string' },
            match: 'never',
            conflict: { default: decide },
            systems: { a: { resource: 'a', map: { value: 'v' } }, b: { resource: 'b', map: { value: 'v' } } },
          },
        },
      },
      { hash },
    )
    expect(integration?.entities.get('thing')?.fields.get('value')?.policy).toEqual({
      kind: 'function',
      decide,
      rank: ['a', 'b'],
    })
  })
})

describe('card numbers', () => {
  const card = '4012888888881881'

  test('are kept, masked or refused as the field says', async () => {
    const read = async (cardNumbers: string | undefined) => {
      const { entity, system } = smallEntity({ type: 'string', ...(cardNumbers && { cardNumbers }) }, 'value')
      const { values, problems } = await system.lens.read({ value: `no. ${card}` })
      const value =
        values.value === undefined ? undefined : entity.fields.get('value')?.normalise(values.value)
      return value ?? problems.map(({ code }) => code).join()
    }
    expect(await read(undefined)).toBe(`no. ${card}`)
    expect(await read('allow')).toBe(`no. ${card}`)
    expect(await read('mask')).toBe('no. 401288******1881')
    expect(await read('drop')).toBe('no. ')
    expect(await read('block')).toBe('VALUE_CARD_NUMBER')
  })

  test('have a policy for all fields, which a field can change; values read under another one are read again', () => {
    const lensOf = (all: string | undefined, own: string | undefined) => {
      const definition = {
        integration: 'small',
        ...(all && { cardNumbers: all }),
        systems: { a: { connector: 'rest' }, b: { connector: 'rest' } },
        entities: {
          thing: {
            fields: { value: { type: 'string', ...(own && { cardNumbers: own }) } },
            match: 'never',
            systems: {
              a: { resource: 'as', map: { value: 'value' }, triggers: [{ poll: '1s' }] },
              b: { resource: 'bs', map: { value: 'value' }, triggers: [{ poll: '1s' }] },
            },
          },
        },
      }
      const { integration } = checkDefinition(definition, { hash: digest })
      const entity = integration?.entities.get('thing')
      const lens = entity?.systems.get('a')?.fields.get('value')?.lensId
      return { policy: entity?.fields.get('value')?.cardNumbers?.policy, lens }
    }
    expect(lensOf(undefined, undefined).policy).toBe('allow')
    expect(lensOf('mask', undefined).policy).toBe('mask')
    expect(lensOf('mask', 'allow')).toEqual(lensOf(undefined, undefined))
    expect(lensOf('mask', undefined)).toEqual(lensOf(undefined, 'mask'))
    expect(lensOf('mask', undefined).lens).not.toBe(lensOf('drop', undefined).lens)
  })
})
