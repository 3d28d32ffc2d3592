import { describe, expect, it } from 'vitest'
import { agreedOf, entityOf, inputOf, syncedOf } from '../../test/support/merge-cases.ts'
import { compileExpression } from './expression.ts'
import type { Rule } from './integration.ts'
import { mergeAndPlan } from './merge/merge-and-plan.ts'
import type { AgreedField } from './state.ts'

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
  const looks = { erp: { name: 'old', country: 'old' } }
  return mergeAndPlan(inputOf({ entity, rev: 3, fields, members: { erp: state }, looks, ...more }))
}

describe('a set rule', () => {
  it('makes a new agreed value under its own revision, which is written', async () => {
    const result = await run([upper], { name: agreedOf('Ann'), country: agreedOf('de') })
    expect(result.fields.country).toMatchObject({ value: 'DE', rev: 4, src: 'rule' })
    expect(result.changes).toMatchObject([{ field: 'country', from: 'de', to: 'DE', by: 'rule' }])
    expect(result.writes).toMatchObject([{ values: { name: 'Ann', country: 'DE' }, revs: { country: 4 } }])
  })

  it('comes to rest: applied again it changes nothing', async () => {
    const result = await run([upper], { name: agreedOf('Ann'), country: agreedOf('DE') })
    expect(result).toMatchObject({ rev: 3, changes: [] })
  })

  it('leaves the field alone when it has nothing to work on, or while it is held', async () => {
    expect((await run([upper], { name: agreedOf('Ann') })).changes).toEqual([])
    const held = { ...agreedOf('de'), heldBy: 'c' }
    expect((await run([upper], { country: held })).changes).toEqual([])
  })

  it('that gives a value of another type stops the writes', async () => {
    const wrong: Rule = { kind: 'set', field: 'country', to: compileExpression('{"a": 1}') }
    const result = await run([wrong], { name: agreedOf('Ann') })
    expect(result.problems).toMatchObject([{ kind: 'require', rule: 0, field: 'country' }])
    expect(result.writes).toEqual([])
  })
})

describe('a require rule', () => {
  it('stops all writes of the record, but not the decisions', async () => {
    const result = await run([upper, named], { country: agreedOf('de') })
    expect(result.problems).toEqual([{ kind: 'require', rule: 1, message: 'a customer needs a name' }])
    expect(result.writes).toEqual([])
    expect(result.fields.country?.value).toBe('DE')
  })

  it('that fails on the values stops the writes and never shows them', async () => {
    const failing: Rule = { kind: 'require', test: compileExpression('name + 1 > 0'), message: 'unused' }
    const result = await run([failing], { name: agreedOf('canary') })
    expect(result.problems).toHaveLength(1)
    expect(JSON.stringify(result.problems)).not.toContain('canary')
  })
})

describe('a hold rule', () => {
  const fields = { name: agreedOf('blocked') }

  it('stops all writes until a person releases this revision', async () => {
    expect(await run([blocked], fields)).toMatchObject({ problems: [{ kind: 'hold', rule: 0 }], writes: [] })
    expect((await run([blocked], fields, { releasedRev: 3 })).writes).toHaveLength(1)
    expect((await run([blocked], fields, { releasedRev: 2 })).writes).toEqual([])
  })
})

it('a required field without a value stops all writes', async () => {
  const entity = entityOf({ fields: { name: { required: true }, country: {} } })
  const members = { erp: { fields: { country: syncedOf('old', 0) } } }
  const input = inputOf({
    entity,
    fields: { country: agreedOf('DE') },
    members,
    looks: { erp: { country: 'old' } },
  })
  expect(await mergeAndPlan(input)).toMatchObject({
    problems: [{ kind: 'require', field: 'name' }],
    writes: [],
  })
})
