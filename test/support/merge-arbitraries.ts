/** Random merges: different systems, lossy normalisers, own writes in flight, refusals, holds, every kind of origin. */
import fc from 'fast-check'
import type { ConflictPolicy, SystemField } from '../../src/model/integration.ts'
import type { MergeInput } from '../../src/model/merge/contract.ts'
import type { AgreedField, MemberField } from '../../src/model/state.ts'
import type { CanonicalDocument, CanonicalValue, FieldType } from '../../src/model/values.ts'
import { entityOf, type FieldSpec, identity, inputOf, testNow, truncateTo } from './merge-cases.ts'

export const systemNames = ['crm', 'erp', 'shop'] as const

const lowercase = (value: CanonicalValue): CanonicalValue =>
  typeof value === 'string' ? value.toLowerCase() : value

/** Few and similar values, so that truncated, folded and equal ones occur often. */
const text = fc.constantFrom('', 'a', 'ab', 'abc', 'abcd', 'abce', 'B', 'b', 'xyz', 'xyzzy')
const set = fc.subarray(['p', 'q', 'r', 's'])
const absent = fc.constant(undefined)

const settings: fc.Arbitrary<Partial<SystemField>> = fc.record({
  readable: fc.constantFrom(true, true, true, false),
  writable: fc.constantFrom(true, true, true, false),
  neverOrigin: fc.constantFrom(false, false, true),
  normalise: fc.constantFrom(identity, identity, truncateTo(3), lowercase),
})

const rank = fc.shuffledSubarray([...systemNames])

const textPolicy: fc.Arbitrary<ConflictPolicy> = fc.oneof(
  rank.map((names) => ({ kind: 'prefer' as const, rank: names })),
  fc.record({ kind: fc.constant('latest' as const), skewMs: fc.constantFrom(0, 600_000), rank }),
  fc.constant({ kind: 'manual' as const }),
)

interface GeneratedField {
  readonly spec: FieldSpec
  readonly value: fc.Arbitrary<CanonicalValue | undefined>
}

function generatedField(systems: readonly string[], plain: boolean): fc.Arbitrary<GeneratedField> {
  const owner = plain ? absent : fc.option(fc.constantFrom(...systems), { nil: undefined, freq: 4 })
  const perSystem = fc.tuple(...systems.map(() => (plain ? fc.constant({}) : settings)))
  const mapped = (all: readonly Partial<SystemField>[]) =>
    Object.fromEntries(systems.map((system, index) => [system, all[index] ?? {}]))
  const of = (
    type: FieldType,
    policy: ConflictPolicy,
    own: string | undefined,
    all: readonly Partial<SystemField>[],
  ) => ({
    type,
    policy,
    in: mapped(all),
    ...(own === undefined ? {} : { owner: own }),
  })
  const texts = fc.tuple(textPolicy, owner, perSystem).map(([policy, own, all]) => ({
    spec: of({ kind: 'string' }, policy, own, all),
    value: fc.oneof(text, text, text, absent, fc.constant(null)),
  }))
  const sets = fc.tuple(owner, perSystem).map(([own, all]) => ({
    spec: of({ kind: 'set', of: { kind: 'string' } }, { kind: 'union' }, own, all),
    value: fc.oneof(set, set, set, absent, fc.constant(null)),
  }))
  return fc.oneof({ weight: 3, arbitrary: texts }, { weight: 1, arbitrary: sets })
}

function memberField(
  value: fc.Arbitrary<CanonicalValue | undefined>,
  rev: number,
): fc.Arbitrary<MemberField> {
  const own = fc.record({
    value,
    rev: fc.integer({ min: 1, max: rev }),
    notAfter: fc.constantFrom(testNow, 0),
  })
  return fc
    .record({
      base: fc.option(value, { nil: null, freq: 6 }).map((found) => ({ found })),
      known: fc.constantFrom(true, true, true, true, false),
      acked: fc.integer({ min: 0, max: rev }),
      provisional: fc.option(fc.integer({ min: 1, max: rev }), { nil: undefined, freq: 3 }),
      replaced: fc.option(
        fc.record({
          value,
          acked: fc.integer({ min: 0, max: rev }),
          version: fc.constantFrom(undefined, '1', '2'),
          versionBefore: fc.constantFrom(undefined, '1', '2'),
        }),
        { nil: undefined, freq: 3 },
      ),
      notStored: fc.option(fc.integer({ min: 1, max: rev }), { nil: undefined, freq: 3 }),
      own: fc.option(fc.array(own, { minLength: 1, maxLength: 3 }), { nil: undefined }),
      wrote: fc.boolean(),
      rejected: fc.option(fc.constant({ rev, version: 'v1', code: 'X' }), { nil: undefined, freq: 8 }),
      hold: fc.option(fc.constant({ reason: 'oscillation', at: 0 }), { nil: undefined, freq: 8 }),
    })
    .map(
      ({
        base,
        known,
        acked,
        provisional,
        replaced,
        notStored,
        own: writes,
        wrote,
        rejected,
        hold,
      }): MemberField => {
        if (!known) return { acked: 0 }
        return {
          acked,
          ...(base.found === undefined ? { shadowAbsent: true as const } : { shadow: base.found }),
          ...(provisional === undefined ? {} : { provisional }),
          ...(replaced === undefined ? {} : { replaced: withoutUndefined(replaced) }),
          ...(notStored === undefined ? {} : { notStored }),
          ...(writes === undefined ? {} : { own: writes }),
          ...(wrote ? { wrote: true as const } : {}),
          ...(rejected === undefined ? {} : { rejected }),
          ...(hold === undefined ? {} : { hold }),
        }
      },
    )
}

/** `plain`: every field may be read and written everywhere, has no owner, nothing is lossy and nothing is in flight. */
export function mergeInputs(options: { readonly plain?: boolean } = {}): fc.Arbitrary<MergeInput> {
  const plain = options.plain ?? false
  return fc
    .record({
      systems: fc.constantFrom(['crm', 'erp'], ['crm', 'erp', 'shop']),
      rev: fc.integer({ min: 1, max: 4 }),
    })
    .chain(({ systems, rev }) =>
      fc
        .record({
          directions: fc.tuple(
            ...systems.map(() =>
              plain
                ? fc.constant('both' as const)
                : fc.constantFrom('both', 'both', 'both', 'target', 'source' as const),
            ),
          ),
          fields: fc.array(generatedField(systems, plain), { minLength: 1, maxLength: 3 }),
        })
        .chain(({ directions, fields }) => filledInput({ systems, rev, directions, fields, plain })),
    )
}

interface Skeleton {
  readonly systems: readonly string[]
  readonly rev: number
  readonly directions: readonly ('both' | 'target' | 'source')[]
  readonly fields: readonly GeneratedField[]
  readonly plain: boolean
}

function filledInput({ systems, rev, directions, fields, plain }: Skeleton): fc.Arbitrary<MergeInput> {
  const names = fields.map((_, index) => `f${index}`)
  const entity = entityOf({
    fields: Object.fromEntries(fields.map(({ spec }, index) => [`f${index}`, spec])),
    systems: Object.fromEntries(
      systems.map((system, index) => [system, { direction: directions[index] ?? 'both' }]),
    ),
  })
  const agreed = fc.tuple(
    ...fields.map(({ value }) =>
      fc.option(
        fc.record({
          value,
          rev: fc.integer({ min: 1, max: rev }),
          src: fc.constantFrom(...systems, 'person', 'rule'),
          at: fc.constant(0),
          changedAt: fc.option(fc.integer({ min: 0, max: 2_000_000 }), { nil: undefined }),
        }),
        { nil: undefined, freq: 6 },
      ),
    ),
  )
  const states = fc.tuple(
    ...systems.map(() =>
      fc.tuple(...fields.map(({ value }) => (plain ? plainState(value) : memberField(value, rev)))),
    ),
  )
  const looks = fc.tuple(
    ...systems.map((system) =>
      fc.option(
        fc.record({
          values: fc.tuple(
            ...fields.map(({ spec, value }) => value.map((found) => stored(spec, system, found))),
          ),
          unknown: plain ? fc.constant([]) : fc.subarray(names, { maxLength: 1 }),
          changedAt: fc.option(fc.integer({ min: 0, max: 2_000_000 }), { nil: undefined }),
          version: fc.constantFrom(undefined, '1', '2'),
        }),
        { nil: undefined, freq: 5 },
      ),
    ),
  )
  return fc.record({ agreed, states, looks }).map((generated) => {
    const present = systems.filter((_, index) => generated.looks[index] !== undefined)
    return inputOf({
      entity,
      rev,
      fields: Object.fromEntries(
        generated.agreed.flatMap((field, index) => (field === undefined ? [] : [[`f${index}`, tidy(field)]])),
      ),
      members: Object.fromEntries(
        systems.map((system, index) => [
          system,
          {
            fields: Object.fromEntries(
              names.map((name, at) => [name, generated.states[index]?.[at] ?? { acked: 0 }]),
            ),
          },
        ]),
      ),
      shown: Object.fromEntries(
        present.map((system) => [
          system,
          documentOf(names, generated.looks[systems.indexOf(system)]?.values ?? []),
        ]),
      ),
      observations: Object.fromEntries(
        present.map((system) => {
          const look = generated.looks[systems.indexOf(system)]
          const changed = look?.changedAt === undefined ? {} : { changedAt: look.changedAt }
          const version = look?.version === undefined ? {} : { version: look.version }
          return [system, { unknown: new Set(look?.unknown), ...changed, ...version }]
        }),
      ),
    })
  })
}

/** Some rows are in the state after a sync, the rest are unrelated. */
function plainState(value: fc.Arbitrary<CanonicalValue | undefined>): fc.Arbitrary<MemberField> {
  return fc
    .tuple(value, fc.integer({ min: 0, max: 1 }))
    .map(([shadow, acked]) =>
      shadow === undefined ? { shadowAbsent: true as const, acked } : { shadow, acked },
    )
}

function stored(
  spec: FieldSpec,
  system: string,
  value: CanonicalValue | undefined,
): CanonicalValue | undefined {
  return value === undefined ? undefined : (spec.in?.[system]?.normalise ?? identity)(value)
}

function documentOf(
  names: readonly string[],
  values: readonly (CanonicalValue | undefined)[],
): CanonicalDocument {
  return Object.fromEntries(
    names.flatMap((name, index) => {
      const value = values[index]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function tidy({
  changedAt,
  ...field
}: Omit<AgreedField, 'changedAt'> & { changedAt: number | undefined }): AgreedField {
  return changedAt === undefined ? field : { ...field, changedAt }
}

function withoutUndefined(replaced: {
  readonly value: CanonicalValue | undefined
  readonly acked: number
  readonly version: string | undefined
  readonly versionBefore: string | undefined
}): NonNullable<MemberField['replaced']> {
  const { value, acked, version, versionBefore } = replaced
  return {
    acked,
    ...(value === undefined ? {} : { value }),
    ...(version === undefined ? {} : { version }),
    ...(versionBefore === undefined ? {} : { versionBefore }),
  }
}
