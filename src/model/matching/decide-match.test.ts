import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agreedOf, entityOf } from '../../../test/support/merge-cases.ts'
import type { Entity, MatchRule } from '../integration.ts'
import type { CanonicalDocument } from '../values.ts'
import type { MatchCandidate } from './contract.ts'
import { decideMatch } from './decide-match.ts'
import { matchKeys } from './match-keys.ts'

const byEmail: MatchRule = { kind: 'exact', fields: ['email'] }
const byScore: MatchRule = { kind: 'score', weights: { name: 0.6, city: 0.4 }, link: 0.9, review: 0.7 }

function customers(...match: MatchRule[]): Entity {
  return { ...entityOf({ fields: { email: {}, name: {}, city: {} } }), match }
}

function hit(recordId: string, more: Partial<MatchCandidate> = {}): MatchCandidate {
  return {
    recordId,
    state: 'active',
    rule: 0,
    kind: 'exact',
    linked: ['crm'],
    creating: [],
    fields: {},
    keptApart: false,
    busy: false,
    ...more,
  }
}

function decide(hits: readonly MatchCandidate[], match: MatchRule = byEmail, values: CanonicalDocument = {}) {
  return decideMatch({ entity: customers(match), recordId: 'm', system: 'erp', values, hits })
}

describe('a shared key', () => {
  test('links to the only record that has it', () => {
    expect(decide([hit('a')])).toEqual({ kind: 'link', recordId: 'a', rule: 'exact email' })
  })

  test('of several records is left for review', () => {
    expect(decide([hit('a'), hit('b')])).toMatchObject({
      kind: 'review',
      candidates: [{ recordId: 'a', score: 1000 }, { recordId: 'b' }],
    })
  })

  test('of a record that already has a counterpart here is left for review', () => {
    expect(decide([hit('a', { linked: ['crm', 'erp'] })]).kind).toBe('review')
  })

  test('of a record that was kept apart or deleted is ignored', () => {
    expect(decide([hit('a', { keptApart: true }), hit('b', { state: 'deleting' })])).toEqual({ kind: 'none' })
  })

  test('of a record that is being created here waits for the outcome', () => {
    expect(decide([hit('a', { creating: ['erp'] })])).toEqual({ kind: 'wait', recordId: 'a' })
  })

  test('of two unmatched records lets the older one proceed and the younger one wait', () => {
    expect(decide([hit('z', { state: 'candidate' })])).toEqual({ kind: 'none' })
    expect(decide([hit('a', { state: 'candidate' })])).toEqual({ kind: 'wait', recordId: 'a' })
  })
})

describe('a score', () => {
  const values = { name: 'Jane Doe', city: 'Leeds' }
  const known = (name: string, city: string) => ({ name: agreedOf(name), city: agreedOf(city) })

  test('links at or above its bound and explains why', () => {
    const outcome = decide(
      [hit('a', { kind: 'block', fields: known('Doe, Jane', 'LEEDS') })],
      byScore,
      values,
    )
    expect(outcome).toEqual({
      kind: 'link',
      recordId: 'a',
      rule: 'score 1.00: name 0.60 of 0.60, city 0.40 of 0.40',
    })
  })

  test('between the bounds is left for review', () => {
    const outcome = decide([hit('a', { kind: 'block', fields: known('Jane Dow', 'York') })], byScore, values)
    expect(outcome.kind).toBe('none')
    const closer = decide([hit('a', { kind: 'block', fields: known('Joan Doe', 'Leeds') })], byScore, values)
    expect(closer.kind).toBe('review')
  })

  test('that two records reach is left for review', () => {
    const memory = ['a', 'b'].map((id) => hit(id, { kind: 'block', fields: known('Jane Doe', 'Leeds') }))
    expect(decide(memory, byScore, values).kind).toBe('review')
  })

  test('ignores missing values: they are no evidence', () => {
    const outcome = decide(
      [hit('a', { kind: 'block', fields: { name: agreedOf('Jane Doe') } })],
      byScore,
      values,
    )
    expect(outcome).toEqual({ kind: 'none' })
  })
})

test('the order of arrival does not change the set of links (H20)', () => {
  const record = fc.record({
    system: fc.constantFrom('crm', 'erp'),
    email: fc.constantFrom('a@x', 'b@x', 'c@x', 'd@x'),
  })
  const world = fc.array(record, { minLength: 1, maxLength: 8 }).chain((records) =>
    fc.record({
      records: fc.constant(records),
      order: fc.shuffledSubarray([...records.keys()], { minLength: records.length }),
    }),
  )
  fc.assert(
    fc.property(world, ({ records, order }) => {
      expect(linksOf(records, order)).toEqual(linksOf(records, [...records.keys()]))
    }),
    { numRuns: 2000 },
  )
})

interface Arrival {
  readonly system: string
  readonly email: string
}

/** Registers all keys, then decides one record after the other until nothing changes, as workers do. */
function linksOf(records: readonly Arrival[], order: readonly number[]): readonly string[] {
  const entity = customers(byEmail)
  const ids = records.map((_, index) => `r${String(index).padStart(2, '0')}`)
  const keys = records.map(({ email }) => matchKeys(entity, { email }).map(({ text }) => text))
  const state = new Map<number, 'candidate' | 'review' | 'active' | 'attached'>(
    order.map((index) => [index, 'candidate']),
  )
  const links: string[] = []
  for (let moved = true; moved; ) {
    moved = false
    for (const index of order) {
      const own = records[index]
      if (own === undefined || state.get(index) !== 'candidate') continue
      const hits = records.flatMap((other, at): MatchCandidate[] => {
        const now = state.get(at)
        if (at === index || now === undefined || now === 'attached') return []
        if (keys[at]?.[0] !== keys[index]?.[0]) return []
        const attached = links.some((link) => link.startsWith(`${ids[at]}=`))
        const linked = attached ? ['crm', 'erp'] : [other.system]
        return [hit(ids[at] ?? '', { state: now, linked })]
      })
      const question = {
        entity,
        recordId: ids[index] ?? '',
        system: own.system,
        values: { email: own.email },
        hits,
      }
      const outcome = decideMatch(question)
      if (outcome.kind === 'wait') continue
      moved = true
      if (outcome.kind === 'link') links.push(`${outcome.recordId}=${ids[index]}`)
      state.set(index, outcome.kind === 'link' ? 'attached' : outcome.kind === 'review' ? 'review' : 'active')
    }
  }
  return links.sort()
}
