import { LosslessNumber } from 'lossless-json'
import { describe, expect, test } from 'vitest'
import { compileExpression } from '../expression.ts'
import { type EmptySpelling, plainEmpties as empties } from '../normalisers/contract.ts'
import type { CanonicalDocument, FieldType, NativeRecord } from '../values.ts'
import { compileLens } from './compile-lens.ts'
import type { Lens, LensReading, LensWriting } from './contract.ts'
import type { LensFieldSpec, LensSource } from './spec.ts'

const text: FieldType = { kind: 'string' }

function field(
  name: string,
  type: FieldType,
  source: LensSource,
  more: Partial<LensFieldSpec> = {},
): LensFieldSpec {
  return { name, type, readable: true, writable: true, source, ...more }
}

function path(...steps: (string | number)[]): Extract<LensSource, { kind: 'path' }> {
  return { kind: 'path', path: steps, empties }
}

function lens(...fields: LensFieldSpec[]): Lens {
  return compileLens({ fields })
}

/** Reads synchronously, as mappings without expressions must. */
function read(subject: Lens, native: NativeRecord): LensReading {
  const reading = subject.read(native)
  if (reading instanceof Promise) throw new TypeError('a lens of paths must answer at once')
  return reading
}

function write(subject: Lens, values: CanonicalDocument, base?: NativeRecord): LensWriting {
  const writing = subject.write(values, base)
  if (writing instanceof Promise) throw new TypeError('a lens of paths must answer at once')
  return writing
}

describe('paths', () => {
  const subject = lens(
    field('name', text, path('Name')),
    field('city', text, path('address', 'city')),
    field('phone', text, path('phones', 0, 'number')),
    field('id', { kind: 'integer' }, path('odd.name')),
  )

  test('reads names, nested names, list elements and names with dots', () => {
    const native = {
      Name: 'Ann',
      address: { city: 'Bern' },
      phones: [{ number: '1' }],
      'odd.name': new LosslessNumber('9007199254740993'),
    }
    expect(read(subject, native)).toEqual({
      values: { name: 'Ann', city: 'Bern', phone: '1', id: '9007199254740993' },
      problems: [],
    })
  })

  test('leaves out missing values, and reports unreadable ones without revealing them', () => {
    const reading = read(subject, {
      Name: { first: 'x' },
      address: null,
      phones: 'none',
      'odd.name': 'secret',
    })
    expect(reading.values).toEqual({})
    expect(reading.problems.map(({ field: name, code }) => [name, code])).toEqual([
      ['name', 'VALUE_TYPE'],
      ['id', 'VALUE_TYPE'],
    ])
    expect(JSON.stringify(reading.problems)).not.toContain('secret')
  })

  test('completes objects of a system that replaces them, and lists always (frame law)', () => {
    const base = {
      address: { city: 'Bern', zip: '3000', geo: { lat: 1 } },
      phones: [{ number: '1', kind: 'work' }, { number: '2' }],
      other: 1,
    }
    expect(write(subject, { city: 'Thun', phone: '9' }, base).patch).toEqual({
      address: { city: 'Thun', zip: '3000', geo: { lat: 1 } },
      phones: [{ number: '9', kind: 'work' }, { number: '2' }],
    })
    expect(base.address.city).toBe('Bern')
  })

  test('sends only the named properties to a system that merges objects', () => {
    const merging = lens(field('city', text, path('address', 'city')))
    const base = { address: { city: 'Bern', zip: '3000' } }
    expect(merging.write({ city: 'Thun' }, base, 'merge')).toEqual({
      patch: { address: { city: 'Thun' } },
      problems: [],
    })
  })

  test('refuses to write past the end of a list', () => {
    const second = lens(field('phone', text, path('phones', 1, 'number')))
    expect(write(second, { phone: '9' }, { phones: [] }).problems).toMatchObject([
      { field: 'phone', code: 'MAPPING_FAILED' },
    ])
  })

  test("respects directions: unreadable fields are absent, fields that can't be written are a problem", () => {
    const oneWay = lens(
      field('in', text, path('in'), { writable: false }),
      field('out', text, path('out'), { readable: false }),
    )
    expect(read(oneWay, { in: 'a', out: 'b' }).values).toEqual({ in: 'a' })
    expect(write(oneWay, { in: 'a', out: 'b', strange: 'c' })).toMatchObject({
      patch: { out: 'b' },
      problems: [
        { field: 'in', code: 'MAPPING_READ_ONLY' },
        { field: 'strange', code: 'MAPPING_READ_ONLY' },
      ],
    })
  })

  test('checks declared constraints on the value after the normaliser', () => {
    const limited = lens(
      field('a', { kind: 'string', maxLength: 3 }, path('a'), { normalise: (value) => String(value).trim() }),
      field('b', { kind: 'string', maxLength: 3 }, path('b')),
      field('c', { kind: 'string', format: 'email' }, path('c')),
    )
    const reading = read(limited, { a: ' abc ', b: ' abc ', c: 'nobody' })
    expect(reading.values).toEqual({ a: ' abc ' })
    expect(reading.problems.map(({ code }) => code)).toEqual(['VALUE_TOO_LARGE', 'VALUE_TYPE'])
  })

  test.each([['__proto__'], ['constructor'], ['prototype']])('refuses a path through %s', (step) => {
    expect(() => lens(field('x', text, path('a', step)))).toThrow(/reserved/)
  })

  test('refuses two fields that write the same property', () => {
    const fields = [field('a', text, path('x')), field('b', text, path('x', 'y'))]
    expect(() => lens(...fields)).toThrow(/a and b write the same place \(x and x.y\)/)
    expect(() => lens(...fields.map((one) => ({ ...one, writable: one.name === 'a' })))).not.toThrow()
  })
})

describe('nothings', () => {
  const erp: EmptySpelling = {
    write: { absent: 'absent', null: 'empty', empty: 'empty' },
    read: { absent: 'absent', null: 'null', empty: 'null' },
  }
  const dropping: EmptySpelling = {
    write: { absent: 'absent', null: 'absent', empty: 'empty' },
    read: { absent: 'null', null: 'null', empty: 'empty' },
  }

  test('keeps absent, null and empty distinct where nothing else is declared', () => {
    const subject = lens(
      field('a', text, path('a')),
      field('b', text, path('b')),
      field('c', text, path('c')),
    )
    expect(read(subject, { a: null, b: '' }).values).toEqual({ a: null, b: '' })
    expect(write(subject, { a: null, b: '' }).patch).toEqual({ a: null, b: '' })
  })

  test('represents null as the system does', () => {
    const subject = lens(field('a', { kind: 'date' }, { ...path('a'), empties: erp }))
    expect(read(subject, { a: '' }).values).toEqual({ a: null })
    expect(write(subject, { a: null }).patch).toEqual({ a: '' })
  })

  test('leaves out a null represented by absence, but sends null where the record still has a value', () => {
    const subject = lens(field('a', text, { ...path('a'), empties: dropping }))
    expect(read(subject, {}).values).toEqual({ a: null })
    expect(write(subject, { a: null }).patch).toEqual({})
    expect(write(subject, { a: null }, { a: 'x' }).patch).toEqual({ a: null })
  })

  test('requires a declaration where an empty text represents a missing date', () => {
    const subject = lens(field('a', { kind: 'date' }, path('a')))
    expect(read(subject, { a: '' }).problems).toMatchObject([{ code: 'VALUE_TYPE', message: /declare how/ }])
  })
})

describe('value maps, money, groups and references', () => {
  const values = {
    toCanonical: new Map([
      ['Prospect', 'prospect'],
      ['Customer', 'active'],
      ['Client', 'active'],
    ]),
    toNative: new Map([
      ['prospect', 'Prospect'],
      ['active', 'Customer'],
    ]),
  }
  const status: FieldType = { kind: 'enum', values: ['prospect', 'active', 'blocked'] }

  test('maps values both ways and refuses unknown ones', () => {
    const subject = lens(field('status', status, { ...path('s'), values }))
    expect(read(subject, { s: 'Client' }).values).toEqual({ status: 'active' })
    expect(write(subject, { status: 'active' }).patch).toEqual({ s: 'Customer' })
    expect(read(subject, { s: 'Gone' }).problems).toMatchObject([{ code: 'VALUE_ENUM' }])
    expect(write(subject, { status: 'blocked' }).problems).toMatchObject([{ code: 'VALUE_ENUM' }])
  })

  test('refuses a value map that is not reversible', () => {
    const broken = {
      ...values,
      toNative: new Map([
        ['prospect', 'Customer'],
        ['active', 'Customer'],
      ]),
    }
    expect(() => lens(field('status', status, { ...path('s'), values: broken }))).toThrow(
      /is not reversible for prospect/,
    )
  })

  test('reads and writes money with its currency beside it', () => {
    const source: LensSource = {
      kind: 'money',
      amount: ['lim'],
      currency: { kind: 'path', path: ['cur'] },
      empties,
      spelling: { as: 'text', fractionDigits: 2 },
    }
    const subject = lens(field('limit', { kind: 'money' }, source))
    expect(read(subject, { lim: '10.50', cur: 'EUR' }).values).toEqual({
      limit: { amount: '10.5', currency: 'EUR' },
    })
    expect(write(subject, { limit: { amount: '1.5', currency: 'USD' } }).patch).toEqual({
      lim: '1.50',
      cur: 'USD',
    })
    expect(read(subject, { lim: '10.50' }).problems).toMatchObject([{ field: 'limit' }])
    expect(write(subject, { limit: null }, { lim: '1', cur: 'EUR' }).patch).toEqual({ lim: null })
  })

  test('does not write an amount into a system of another currency', () => {
    const source: LensSource = {
      kind: 'money',
      amount: ['lim'],
      currency: { kind: 'fixed', currency: 'EUR' },
      empties,
    }
    const subject = lens(field('limit', { kind: 'money' }, source))
    expect(write(subject, { limit: { amount: '1', currency: 'EUR' } }).patch).toEqual({ lim: 1 })
    expect(write(subject, { limit: { amount: '1', currency: 'USD' } }).problems).toMatchObject([
      { code: 'MAPPING_FAILED' },
    ])
  })

  test('reads and writes the parts of a group at their own paths (H5)', () => {
    const type: FieldType = { kind: 'group', fields: { street: text, city: text, country: text } }
    const parts = [
      { name: 'street', type: text, source: path('BillingStreet') },
      { name: 'city', type: text, source: path('Billing', 'City') },
    ]
    const subject = lens(field('address', type, { kind: 'group', parts }))
    expect(read(subject, { BillingStreet: 'x', Billing: { City: 'y' } }).values).toEqual({
      address: { street: 'x', city: 'y' },
    })
    expect(read(subject, {}).values).toEqual({})
    expect(read(subject, { BillingStreet: null }).values).toEqual({ address: null })
    const written = write(
      subject,
      { address: { street: 'a', city: 'b', country: 'c' } },
      { Billing: { City: 'y', Zip: '1' } },
    )
    expect(written.patch).toEqual({ BillingStreet: 'a', Billing: { City: 'b', Zip: '1' } })
    expect(read(subject, { BillingStreet: 5.5, Billing: { City: 'y' } }).problems).toMatchObject([
      { field: 'address', message: /^street: / },
    ])
  })

  test('keeps unmapped properties in an object that is emptied', () => {
    const type: FieldType = { kind: 'group', fields: { city: text } }
    const subject = lens(field('address', type, path('address')))
    const base = { address: { city: 'Bern', verified: true } }
    expect(write(subject, { address: null }, base).patch).toEqual({ address: { city: null, verified: true } })
    expect(read(subject, { address: { city: null, verified: true } }).values).toEqual({ address: null })
  })

  test('reads references as native ids and writes them bare', () => {
    const subject = lens(
      field('owner', { kind: 'ref', entity: 'user' }, { ...path('userId'), spelling: { as: 'number' } }),
    )
    expect(read(subject, { userId: 7 }).values).toEqual({ owner: 'ref:7' })
    expect(write(subject, { owner: '7' }).patch).toEqual({ userId: 7 })
    expect(write(subject, { owner: 'ref:7' }).patch).toEqual({ userId: 7 })
  })
})

describe('pairs', () => {
  const tags = field(
    'tags',
    { kind: 'set', of: text },
    {
      kind: 'expression',
      read: compileExpression("$split(Tags__c, ';')"),
      write: compileExpression("$join(tags, ';')"),
      path: ['Tags__c'],
    },
  )

  test('evaluates JSONata both ways; null is treated as missing', async () => {
    const subject = lens(tags)
    expect(await subject.read({ Tags__c: 'b;a' })).toEqual({ values: { tags: ['a', 'b'] }, problems: [] })
    expect(await subject.read({ Tags__c: 'a' })).toEqual({ values: { tags: ['a'] }, problems: [] })
    expect(await subject.read({ Tags__c: null })).toEqual({ values: { tags: null }, problems: [] })
    expect(await subject.write({ tags: ['a', 'b'] }, undefined)).toEqual({
      patch: { Tags__c: 'a;b' },
      problems: [],
    })
    expect(await subject.write({ tags: null }, undefined)).toEqual({ patch: { Tags__c: null }, problems: [] })
  })

  test('spreads an object over several properties, beside existing ones', async () => {
    const source: LensSource = {
      kind: 'expression',
      read: compileExpression('First & " " & Name.Last'),
      write: compileExpression(
        '{"First": $substringBefore(name, " "), "Name": {"Last": $substringAfter(name, " ")}}',
      ),
    }
    const subject = lens(field('name', text, source))
    const base = { First: 'Ann', Name: { Last: 'Lee', Title: 'Dr' } }
    expect(await subject.read(base)).toMatchObject({ values: { name: 'Ann Lee' } })
    expect(await subject.write({ name: 'Bob May' }, base)).toEqual({
      patch: { First: 'Bob', Name: { Last: 'May', Title: 'Dr' } },
      problems: [],
    })
  })

  test('does not let a failing field stop the others', async () => {
    const broken = field(
      'n',
      { kind: 'decimal' },
      { kind: 'expression', read: compileExpression('$number(a)'), write: compileExpression('$number(a)') },
    )
    const reading = await lens(broken, field('b', text, path('b'))).read({ a: 'topsecret', b: 'x' })
    expect(reading.values).toEqual({ b: 'x' })
    expect(reading.problems).toMatchObject([{ field: 'n', code: 'EXPRESSION_FAILED' }])
    expect(JSON.stringify(reading)).not.toContain('topsecret')
  })

  test('accepts functions, synchronous or asynchronous, and hides their errors', async () => {
    const sync = lens(
      field('a', text, { kind: 'function', read: (native) => native.x, write: (value) => ({ x: value }) }),
    )
    expect(read(sync, { x: 'y' }).values).toEqual({ a: 'y' })
    expect(write(sync, { a: 'z' }).patch).toEqual({ x: 'z' })
    const late = lens(field('a', text, { kind: 'function', read: async (native) => native.x }))
    expect(await late.read({ x: 'y' })).toMatchObject({ values: { a: 'y' } })
    const thrower = (): never => {
      throw new TypeError('topsecret')
    }
    const failing = lens(field('a', text, { kind: 'function', read: thrower, write: thrower, path: ['x'] }))
    expect(read(failing, {}).problems).toEqual([
      { field: 'a', code: 'MAPPING_FAILED', message: 'the function of the mapping threw (TypeError)' },
    ])
    expect(write(failing, { a: 'b' }).problems).toMatchObject([{ code: 'MAPPING_FAILED' }])
  })
})

describe('hostile records (H40)', () => {
  const subject = lens(field('city', text, path('address', 'city')), field('name', text, path('name')))

  test('keeps a property named __proto__ a property', () => {
    const base = JSON.parse('{"address":{"city":"x","__proto__":{"city":"evil"},"zip":1}}') as NativeRecord
    const { patch } = write(subject, { city: 'y' }, base)
    expect(JSON.stringify(patch)).toBe('{"address":{"city":"y","__proto__":{"city":"evil"},"zip":1}}')
    expect(({} as Record<string, unknown>).city).toBeUndefined()
  })

  test('reads no inherited properties', () => {
    expect(
      read(subject, JSON.parse('{"__proto__":{"name":"x","address":{"city":"y"}}}') as NativeRecord).values,
    ).toEqual({})
  })

  test('refuses a text of two megabytes and continues', () => {
    const reading = read(subject, { name: 'x'.repeat(2_000_000), address: { city: 'y' } })
    expect(reading).toMatchObject({
      values: { city: 'y' },
      problems: [{ field: 'name', code: 'VALUE_TOO_LARGE' }],
    })
  })

  test('handles records that are nested deeper than any stack', async () => {
    const deep = JSON.parse(`${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`) as NativeRecord
    expect(read(subject, { name: 'x', address: deep }).values).toEqual({ name: 'x' })
    expect(write(subject, { city: 'y' }, { address: deep }).problems).toEqual([])
    const pair = lens(field('n', text, { kind: 'expression', read: compileExpression('name') }))
    expect(await pair.read({ name: 'x', deep })).toMatchObject({ values: { n: 'x' } })
  })
})
