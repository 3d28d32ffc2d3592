import { describe, expect, test } from 'vitest'
import { agreedOf, entityOf, inputOf, syncedOf } from '../../test/support/merge-cases.ts'
import { compileExpression } from './expression.ts'
import type { Rule } from './integration.ts'
import { mergeAndPlan } from './merge-and-plan.ts'
import type { AgreedField } from './state.ts'
import type { CanonicalValue, FieldType } from './values.ts'

const upper: Rule = { kind: 'set', field: 'country', to: compileExpression('$uppercase(country)') }
const named: Rule = {
  kind: 'require',
  test: compileExpression('$exists(name)'),
  message: 'a customer needs a name',
}
const blocked: Rule = {
  kind: 'hold',
  when: compileExpression("name = 'blocked'"),
  message: 'needs a decision',
}

function run(
  rules: readonly Rule[],
  fields: Record<string, AgreedField>,
  more: { releasedRev?: number } = {},
) {
  const entity = entityOf({ fields: { name: {}, country: {} }, rules })
  const state = { fields: { name: syncedOf('old', 0), country: syncedOf('old', 0) } }
  const shown = { erp: { name: 'old', country: 'old' } }
  return mergeAndPlan(inputOf({ entity, rev: 3, fields, members: { erp: state }, shown, ...more }))
}

describe('a set rule', () => {
  test('makes a new agreed value under its own revision, which is written', async () => {
    const result = await run([upper], { name: agreedOf('Ann'), country: agreedOf('de') })
    expect(result.fields.country).toMatchObject({ value: 'DE', rev: 4, src: 'rule' })
    expect(result.changes).toMatchObject([{ field: 'country', from: 'de', to: 'DE', by: 'rule' }])
    expect(result.writes).toMatchObject([{ values: { name: 'Ann', country: 'DE' }, revs: { country: 4 } }])
  })

  test('is stable: applied again it changes nothing', async () => {
    const result = await run([upper], { name: agreedOf('Ann'), country: agreedOf('DE') })
    expect(result).toMatchObject({ rev: 3, changes: [] })
  })

  test('leaves the field unchanged when it has no input, or while it is held', async () => {
    expect((await run([upper], { name: agreedOf('Ann') })).changes).toEqual([])
    const held = { ...agreedOf('de'), heldBy: 'c' }
    expect((await run([upper], { country: held })).changes).toEqual([])
  })

  test('that returns a value of another type stops the writes', async () => {
    const wrong: Rule = { kind: 'set', field: 'country', to: compileExpression('{"a": 1}') }
    const result = await run([wrong], { name: agreedOf('Ann') })
    expect(result.problems).toMatchObject([{ kind: 'require', rule: 0, field: 'country' }])
    expect(result.writes).toEqual([])
  })
})

describe('a require rule', () => {
  test('stops all writes of the record, but not the decisions', async () => {
    const result = await run([upper, named], { country: agreedOf('de') })
    expect(result.problems).toEqual([{ kind: 'require', rule: 1, message: 'a customer needs a name' }])
    expect(result.writes).toEqual([])
    expect(result.fields.country?.value).toBe('DE')
  })

  test('that fails on the values stops the writes and never reveals them', async () => {
    const failing: Rule = { kind: 'require', test: compileExpression('name + 1 > 0'), message: 'unused' }
    const result = await run([failing], { name: agreedOf('canary') })
    expect(result.problems).toHaveLength(1)
    expect(JSON.stringify(result.problems)).not.toContain('canary')
  })
})

describe('a hold rule', () => {
  const fields = { name: agreedOf('blocked') }

  test('stops all writes until a person releases this revision', async () => {
    expect(await run([blocked], fields)).toMatchObject({ problems: [{ kind: 'hold', rule: 0 }], writes: [] })
    expect((await run([blocked], fields, { releasedRev: 3 })).writes).toHaveLength(1)
    expect((await run([blocked], fields, { releasedRev: 2 })).writes).toEqual([])
  })
})

test('a required field without a value stops all writes', async () => {
  const entity = entityOf({ fields: { name: { required: true }, country: {} } })
  const members = { erp: { fields: { country: syncedOf('old', 0) } } }
  const input = inputOf({
    entity,
    fields: { country: agreedOf('DE') },
    members,
    shown: { erp: { country: 'old' } },
  })
  expect(await mergeAndPlan(input)).toMatchObject({
    problems: [{ kind: 'require', field: 'name' }],
    writes: [],
  })
})

describe('rules work on values by their type', () => {
  const decimal: FieldType = { kind: 'decimal' }
  const address: FieldType = {
    kind: 'group',
    fields: { city: { kind: 'string' }, floor: { kind: 'integer' } },
  }

  function typed(rule: Rule, types: Record<string, FieldType>, values: Record<string, CanonicalValue>) {
    const fields = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }]))
    const agreed = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, agreedOf(value)]))
    return mergeAndPlan(inputOf({ entity: entityOf({ fields, rules: [rule] }), rev: 3, fields: agreed }))
  }

  const hold = (source: string): Rule => ({ kind: 'hold', when: compileExpression(source), message: 'held' })
  const set = (field: string, source: string): Rule => ({ kind: 'set', field, to: compileExpression(source) })

  test.each<[string, Record<string, FieldType>, Record<string, CanonicalValue>, number]>([
    ['amount > 1000', { amount: decimal }, { amount: '1000.01' }, 1],
    ['amount > 1000', { amount: decimal }, { amount: '999' }, 0],
    ['amount > 1000', { amount: decimal }, { amount: null }, 0],
    ['price.amount >= 5', { price: { kind: 'money' } }, { price: { amount: '5', currency: 'EUR' } }, 1],
    ['address.floor = 3', { address }, { address: { city: 'Bonn', floor: '3' } }, 1],
    [
      '$sum(counts) = 6',
      { counts: { kind: 'list', of: { kind: 'integer' } } },
      { counts: ['1', '2', '3'] },
      1,
    ],
  ])('%s on %j holding %j: %i holds', async (source, types, values, holds) => {
    const { problems } = await typed(hold(source), types, values)
    expect(problems).toEqual(holds === 0 ? [] : [{ kind: 'hold', rule: 0, message: 'held' }])
  })

  test('a null does not exist for expressions', async () => {
    const rule: Rule = { kind: 'require', test: compileExpression('$exists(amount)'), message: 'no amount' }
    expect((await typed(rule, { amount: decimal }, { amount: null })).problems).toHaveLength(1)
    const doubled = await typed(set('amount', 'amount * 2'), { amount: decimal }, { amount: null })
    expect(doubled).toMatchObject({ problems: [], changes: [] })
  })

  test('the result of a set rule becomes a canonical value again', async () => {
    const sum = await typed(set('amount', 'amount * 2'), { amount: decimal }, { amount: '10.50' })
    expect(sum.fields.amount?.value).toBe('21')
    const tags: FieldType = { kind: 'set', of: { kind: 'string' } }
    expect((await typed(set('tags', '"b"'), { tags }, { tags: ['a'] })).fields.tags?.value).toEqual(['b'])
    const cleared = await typed(set('amount', 'null'), { amount: decimal }, { amount: '1' })
    expect(cleared.fields.amount?.value).toBeNull()
  })

  test('references stay the ids of records, at any depth', async () => {
    const ref: FieldType = { kind: 'ref', entity: 'person' }
    const owners: FieldType = { kind: 'set', of: ref }
    expect((await typed(set('owner', '"id-2"'), { owner: ref }, { owner: 'id-1' })).fields.owner?.value).toBe(
      'id-2',
    )
    const all = await typed(set('owners', '$append(owners, "id-0")'), { owners }, { owners: ['id-1'] })
    expect(all.fields.owners?.value).toEqual(['id-0', 'id-1'])
  })

  test.each<[string, Rule, RegExp]>([
    ['of another type', set('amount', '"dozens"'), /^rule 1 \(set amount\): the text is not a plain number$/],
    [
      'that is too long',
      set('code', '"abcdef"'),
      /^rule 1 \(set code\): the text is longer than 3 characters$/,
    ],
    [
      'that can not be calculated',
      set('amount', 'code * 2'),
      /^rule 1 \(set amount\) could not be evaluated: .*number/,
    ],
    ['outside an enum', set('state', '"odd"'), /^rule 1 \(set state\): the value is not one of new, old$/],
  ])('a value %s is a problem that names the rule and the field', async (_, rule, message) => {
    const types: Record<string, FieldType> = {
      amount: decimal,
      code: { kind: 'string', maxLength: 3 },
      state: { kind: 'enum', values: ['new', 'old'] },
    }
    const { problems, fields } = await typed(rule, types, { amount: '1', code: 'abc', state: 'new' })
    const field = rule.kind === 'set' ? rule.field : ''
    expect(problems).toEqual([{ kind: 'require', rule: 0, field, message: expect.stringMatching(message) }])
    expect(fields[field]?.rev).toBe(1)
  })

  test('a normaliser that throws is a problem of the rule, not of the pass', async () => {
    const entity = entityOf({ fields: { name: {} }, rules: [set('name', '"Ann"')] })
    const field = entity.fields.get('name')
    const broken = new Map([...entity.fields])
    if (field !== undefined) {
      broken.set('name', {
        ...field,
        normalise: () => {
          throw new TypeError('canary')
        },
      })
    }
    const result = await mergeAndPlan(inputOf({ entity: { ...entity, fields: broken }, fields: {} }))
    expect(result.problems).toMatchObject([{ kind: 'require', rule: 0, field: 'name' }])
    expect(JSON.stringify(result.problems)).not.toContain('canary')
  })
})
