import fc from 'fast-check'
import { parse, stringify } from 'lossless-json'
import { describe, expect, test, vi } from 'vitest'
import { canonicalValue, fieldType, losslessSpelling } from '../../../test/support/arbitrary-values.ts'
import { compileExpression } from '../expression.ts'
import { applyPatch } from '../lens/apply-patch.ts'
import { compileLens } from '../lens/compile-lens.ts'
import type { Lens } from '../lens/contract.ts'
import type { LensFieldSpec, LensSource, NativePath } from '../lens/spec.ts'
import { plainEmpties as empties } from '../normalisers/contract.ts'
import { compileNormaliser } from '../normalisers/normaliser.ts'
import type { CanonicalDocument, CanonicalValue, FieldType, NativeRecord } from '../values.ts'
import type { LawField, LawSubject, LawViolation } from './law.ts'
import { checkLaws } from './laws.ts'

// A thousand generated values are processor time only: a machine with eight times the load takes eight times
// as long.
vi.setConfig({ testTimeout: 240_000 })

const text: FieldType = { kind: 'string' }

/** Paths that don't overlap, in any subset. */
const paths: readonly NativePath[] = [
  ['Name'],
  ['nested', 'one'],
  ['nested', 'two'],
  ['nested', 'deeper', 'three'],
  ['list', 0, 'four'],
  ['odd.name', 'toString'],
]

interface GeneratedField {
  readonly spec: LensFieldSpec
  readonly first: CanonicalValue
  readonly second: CanonicalValue
}

function generatedField(name: string, path: NativePath): fc.Arbitrary<GeneratedField> {
  return fieldType.chain((type) =>
    fc.record({
      first: fc.option(canonicalValue(type), { freq: 8 }),
      second: fc.option(canonicalValue(type), { freq: 8 }),
      spec: losslessSpelling(type).map((spelling) => ({
        name,
        type,
        readable: true,
        writable: true,
        source: sourceFor(type, path, spelling),
      })),
    }),
  )
}

function sourceFor(type: FieldType, path: NativePath, spelling: object): LensSource {
  if (type.kind === 'money') {
    return {
      kind: 'money',
      amount: path,
      currency: { kind: 'path', path: [`${path.join()}Currency`] },
      empties,
      spelling,
    }
  }
  if (type.kind !== 'group') return { kind: 'path', path, empties, spelling }
  const parts = Object.entries(type.fields).map(([name, part], index) => ({
    name,
    type: part,
    source: sourceFor(part, [...path, `part${index}`], {}),
  }))
  return { kind: 'group', parts }
}

const mapping = fc
  .subarray([...paths], { minLength: 1 })
  .chain((chosen) => fc.tuple(...chosen.map((path, index) => generatedField(`field${index}`, path))))
  .chain((fields) =>
    fc.record({ fields: fc.constant(fields), nested: fc.constantFrom('replace' as const, 'merge' as const) }),
  )

function documentOf(fields: readonly GeneratedField[], which: 'first' | 'second'): CanonicalDocument {
  return Object.fromEntries(fields.map((field) => [field.spec.name, field[which]]))
}

function identityField(type: FieldType): LawField {
  return { type, readable: true, writable: true, normalise: (value) => value }
}

function subjectOf(lens: Lens, fields: readonly LensFieldSpec[], nested: 'replace' | 'merge'): LawSubject {
  return { lens, nested, fields: new Map(fields.map(({ name, type }) => [name, identityField(type)])) }
}

const unmapped: NativeRecord = {
  untouched: { a: [1, { b: 2 }] },
  nested: { kept: true, deeper: { kept: 'x' } },
}

describe('laws of generated mappings', () => {
  test('hold for every lossless combination of path, value and format', async () => {
    await fc.assert(
      fc.asyncProperty(mapping, async ({ fields, nested }) => {
        const specs = fields.map(({ spec }) => spec)
        const lens = compileLens({ fields: specs })
        const created = await lens.write(documentOf(fields, 'first'), unmapped, nested)
        // Instants at the edge of the calendar may not be representable in the system's offset.
        fc.pre(created.problems.length === 0)
        const stored = applyPatch(unmapped, created.patch, nested)
        const native = parse(stringify(stored) ?? '{}') as NativeRecord
        const violations = await checkLaws(
          subjectOf(lens, specs, nested),
          native,
          documentOf(fields, 'second'),
          { reveal: true },
        )
        expect(violations).toEqual([])
      }),
      { numRuns: 1000 },
    )
  })

  test('hold for lossy mappings once the loss is declared', async () => {
    const type: FieldType = { kind: 'string' }
    const lossy = compileNormaliser(
      [{ kind: 'trim' }, { kind: 'maxLength', length: 5 }, { kind: 'uppercase' }],
      type,
    )
    const lens: Lens = {
      read: (native) => ({ values: { name: String(native.n ?? '') }, problems: [] }),
      write: (values) => ({ patch: { n: lossy(values.name ?? '') }, problems: [] }),
    }
    const subject: LawSubject = {
      lens,
      nested: 'replace',
      fields: new Map([['name', { ...identityField(type), normalise: lossy }]]),
    }
    await fc.assert(
      fc.asyncProperty(canonicalValue(type), canonicalValue(type), async (first, second) => {
        expect(await checkLaws(subject, { n: lossy(first) }, { name: second })).toEqual([])
      }),
      { numRuns: 1000 },
    )
  })
})

describe('broken laws are found, with messages that reveal no value', () => {
  const spec: LensFieldSpec = {
    name: 'name',
    type: text,
    readable: true,
    writable: true,
    source: { kind: 'path', path: ['n'], empties },
  }

  async function violationsOf(
    change: Partial<LawSubject> & { fields?: LawSubject['fields'] },
    native: NativeRecord,
    value: CanonicalValue,
  ): Promise<readonly LawViolation[]> {
    const base = subjectOf(compileLens({ fields: [spec] }), [spec], 'replace')
    return checkLaws({ ...base, ...change }, native, { name: value })
  }

  function laws(violations: readonly LawViolation[]): readonly string[] {
    return [...new Set(violations.map(({ law }) => law))].sort()
  }

  test('get-put: a number that would come back as a text', async () => {
    const violations = await violationsOf({}, { n: 12345 }, 'x')
    expect(violations).toEqual([
      { law: 'get-put', field: 'n', message: 'a number would be written back as a string' },
    ])
  })

  test('put-get: a pair that is not reversible', async () => {
    const source: LensSource = {
      kind: 'expression',
      read: compileExpression('n'),
      write: compileExpression('$substring(name, 0, 3)'),
      path: ['n'],
    }
    const lens = compileLens({ fields: [{ ...spec, source }] })
    const violations = await violationsOf({ lens }, { n: 'abc' }, 'topsecret')
    expect(violations).toEqual([
      {
        law: 'put-get',
        field: 'name',
        message: 'after writing, a text of 9 characters becomes a text of 3 characters',
      },
    ])
    const revealed = await checkLaws(
      subjectOf(lens, [spec], 'replace'),
      { n: 'abc' },
      { name: 'topsecret' },
      { reveal: true },
    )
    expect(revealed[0]?.message).toContain('"topsecret" becomes "top"')
  })

  test('idempotent normaliser: one that appends on every application', async () => {
    const fields = new Map([
      ['name', { ...identityField(text), normalise: (value: CanonicalValue) => `${String(value)}!` }],
    ])
    expect(laws(await violationsOf({ fields }, { n: 'a' }, 'b'))).toContain('idempotent-normaliser')
  })

  test('canonical read: a system that holds a value its normaliser excludes', async () => {
    const normalise = compileNormaliser([{ kind: 'maxLength', length: 3 }], text)
    const fields = new Map([['name', { ...identityField(text), normalise }]])
    expect(laws(await violationsOf({ fields }, { n: 'abcdef' }, 'b'))).toEqual(['canonical-read'])
  })

  test('frame: a write that replaces an object and drops its other properties', async () => {
    const lens: Lens = {
      read: (native) => ({ values: { name: String((native.o as NativeRecord).n) }, problems: [] }),
      write: (values) => ({ patch: { o: { n: values.name } }, problems: [] }),
    }
    expect(await violationsOf({ lens }, { o: { n: 'a', other: 1 } }, 'b')).toEqual([
      { law: 'frame', field: 'o', message: 'properties beside the mapped ones are lost in a write' },
    ])
    expect(await violationsOf({ lens, nested: 'merge' }, { o: { n: 'a', other: 1 } }, 'b')).toEqual([])
  })

  test('determinism: a mapping that counts its calls', async () => {
    let calls = 0
    const source: LensSource = {
      kind: 'function',
      read: () => `call ${calls++}`,
      write: (value) => ({ n: value }),
    }
    const lens = compileLens({ fields: [{ ...spec, source }] })
    expect(laws(await violationsOf({ lens }, { n: 'a' }, 'b'))).toContain('determinism')
  })

  test('determinism: a mapping that depends on the order of properties', async () => {
    const source: LensSource = {
      kind: 'function',
      read: (native) => Object.keys(native)[0],
      write: (value) => ({ n: value }),
    }
    const lens = compileLens({ fields: [{ ...spec, source }] })
    expect(laws(await violationsOf({ lens }, { n: 'a', m: 'b' }, 'b'))).toContain('determinism')
  })
})
