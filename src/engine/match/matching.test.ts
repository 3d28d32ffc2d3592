import { describe, expect, test } from 'vitest'
import type { MatchHit } from '../../store/contract.ts'
import { dropRivals } from './matching.ts'

function hit(recordId: string, state: MatchHit['state'], linked: string, busy = false): MatchHit {
  return {
    recordId,
    state,
    rule: 0,
    kind: 'exact',
    linked: [linked],
    creating: [],
    fields: {},
    keptApart: false,
    busy,
  }
}

const idsOf = (hits: readonly MatchHit[]): string[] => hits.map(({ recordId }) => recordId)

describe('dropRivals', () => {
  test('H20: lets unmatched records of other systems join the settled one, each independently', () => {
    const hits = [hit('a', 'active', 'crm'), hit('s', 'candidate', 'shop'), hit('t', 'candidate', 'till')]
    expect(idsOf(dropRivals(hits, 'erp'))).toEqual(['a'])
  })

  test('H20: leaves the oldest of several unmatched records when none is settled', () => {
    const hits = [hit('t', 'candidate', 'till'), hit('s', 'candidate', 'shop')]
    expect(idsOf(dropRivals(hits, 'erp'))).toEqual(['s'])
  })

  test('H20: leaves one that is in progress before an older one, since it may be settled in a moment', () => {
    const hits = [hit('t', 'candidate', 'till', true), hit('s', 'candidate', 'shop')]
    expect(idsOf(dropRivals(hits, 'erp'))).toEqual(['t'])
  })

  test('keeps two unmatched records of one system: their key is no evidence', () => {
    const hits = [hit('a', 'active', 'crm'), hit('s', 'candidate', 'shop'), hit('t', 'candidate', 'shop')]
    expect(idsOf(dropRivals(hits, 'erp'))).toEqual(['a', 's', 't'])
  })

  test('keeps an unmatched record of the same system, which makes the key ambiguous', () => {
    const hits = [hit('a', 'active', 'crm'), hit('e', 'candidate', 'erp')]
    expect(idsOf(dropRivals(hits, 'erp'))).toEqual(['a', 'e'])
  })
})
