import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agreedOf, entityOf, inputOf, syncedOf } from '../../../test/support/merge-cases.ts'
import { planWrites } from '../plan.ts'
import type { MemberFields } from '../state.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
import type { MergeDecision } from './contract.ts'
import { mergeRecord } from './merge-record.ts'
import { absorbOutcome, openIntentFields } from './outcome.ts'

const text: FieldType = { kind: 'string' }

/** What real systems do to written values, none of it declared to the engine. */
const corpus: readonly [name: string, type: FieldType, sent: CanonicalValue, stored: CanonicalValue][] = [
  ['keeps it', text, 'Jane Doe', 'Jane Doe'],
  ['cuts it', text, 'Consolidated Widgets International', 'Consolidated Widgets'],
  ['trims it', text, '  Jane Doe ', 'Jane Doe'],
  ['collapses blanks', text, 'Jane   Doe', 'Jane Doe'],
  ['changes case', text, 'Jane Doe', 'JANE DOE'],
  ['changes line ends', text, 'a\r\nb', 'a\nb'],
  ['composes accents', text, 'Jose\u0301', 'José'],
  ['escapes HTML', text, 'Tom & Co <x>', 'Tom &amp; Co &lt;x&gt;'],
  ['stores an empty text as null', text, '', null],
  ['formats phones', { kind: 'string', format: 'phone' }, '+49 170 123-4567', '+491701234567'],
  ['lowers e-mail', { kind: 'string', format: 'email' }, 'Jane@Example.com', 'jane@example.com'],
  ['rounds', { kind: 'decimal' }, '10.129', '10.13'],
  ['drops fractions of seconds', { kind: 'instant' }, '2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05Z'],
]

/** How the engine learns of the outcome. */
const answers = ['body and version', 'nothing', 'lost'] as const

interface Loop {
  rev: number
  fields: MergeDecision['fields']
  crm: MemberFields
  erp: MemberFields
  writes: number
}

/** One pass over both systems; `store` is what the ERP does to a written value. */
function pass(
  loop: Loop,
  type: FieldType,
  remote: { crm: CanonicalValue; erp: CanonicalValue },
  how: Answering,
) {
  const entity = entityOf({ fields: { name: { type } } })
  const part = entity.systems.get('erp')
  const input = inputOf({
    entity,
    rev: loop.rev,
    fields: loop.fields,
    members: { crm: { fields: loop.crm }, erp: { fields: loop.erp, settleMs: 1e9 } },
    shown: { crm: { name: remote.crm }, erp: { name: remote.erp } },
  })
  const decision = mergeRecord(input)
  const plan = planWrites(input, decision)
  Object.assign(loop, {
    rev: decision.rev,
    fields: decision.fields,
    crm: plan.members.get('crm') ?? loop.crm,
    erp: plan.members.get('erp') ?? loop.erp,
  })
  for (const planned of plan.writes) {
    expect(planned.system).toBe('erp')
    if (part === undefined) continue
    loop.writes += 1
    loop.erp = openIntentFields(part, loop.erp, { planned, body: planned.values, notAfter: input.now })
    remote.erp = how.store(planned.values.name ?? null)
    if (how.answer === 'lost') continue
    const answer = how.answer === 'nothing' ? {} : { stored: { name: remote.erp }, version: '2' }
    loop.erp = absorbOutcome(part, loop.erp, planned, answer).fields
  }
  return decision
}

interface Answering {
  readonly answer: (typeof answers)[number]
  readonly store: (sent: CanonicalValue) => CanonicalValue
}

describe.each(answers)('a system whose response is %s and that', (answer) => {
  test.each(corpus)(
    '%s is written once, and nothing comes back as a change (H6, H7)',
    (_, type, sent, stored) => {
      const old: CanonicalValue =
        type.kind === 'decimal' ? '1' : type.kind === 'instant' ? '2020-01-01T00:00:00Z' : 'old'
      const loop: Loop = {
        rev: 1,
        fields: { name: agreedOf(old) },
        crm: { name: syncedOf(old) },
        erp: { name: syncedOf(old) },
        writes: 0,
      }
      const remote = { crm: sent, erp: old }
      for (let round = 0; round < 5; round += 1) pass(loop, type, remote, { answer, store: () => stored })
      expect(loop).toMatchObject({ rev: 2, writes: 1 })
      expect(loop.fields.name?.value).toEqual(sent)
      expect(loop.erp.name?.acked).toBe(2)
    },
  )
})

test('writes each revision once, whatever is edited in between (INV-10)', () => {
  const edit = fc.constantFrom(
    'Consolidated Widgets International',
    'Jane   Doe',
    'Tom & Co <x>',
    'Zoe Quartz',
  )
  const answer = fc.constantFrom(...answers)
  fc.assert(
    fc.property(fc.array(fc.record({ edit, answer, passes: fc.nat(3) }), { maxLength: 8 }), (steps) => {
      const loop: Loop = {
        rev: 1,
        fields: { name: agreedOf('old') },
        crm: { name: syncedOf('old') },
        erp: { name: syncedOf('old') },
        writes: 0,
      }
      const remote = { crm: 'old' as CanonicalValue, erp: 'old' as CanonicalValue }
      const how = (given: Answering['answer']) => ({
        answer: given,
        store: (sent: CanonicalValue) => (typeof sent === 'string' ? sent.slice(0, 20).toUpperCase() : sent),
      })
      for (const step of steps) {
        remote.crm = step.edit
        for (let round = 0; round <= step.passes; round += 1) pass(loop, text, remote, how(step.answer))
      }
      for (let round = 0; round < 3; round += 1) pass(loop, text, remote, how('nothing'))
      const before = loop.writes
      expect(pass(loop, text, remote, how('nothing')).changes).toEqual([])
      expect(loop.writes).toBe(before)
      expect(loop.writes).toBeLessThanOrEqual(loop.rev - 1)
      expect(loop.fields.name?.value).toBe(remote.crm)
    }),
    { numRuns: 1000 },
  )
})
