/**
 * Generates test records for a real system: from the types of the definition, so that no existing data is
 * copied, and marked, so that users can recognise them.
 */
import type { RecordTemplate } from '../../connectors/kit/conformance/bench.ts'
import type { Entity, EntitySystem } from '../../model/integration.ts'
import type { CanonicalDocument, CanonicalValue, FieldType, NativeRecord } from '../../model/values.ts'

/** Prefix of every text of a test record, as far as it fits. */
export const recordMark = 'Isthmus certify'

/** Seeds start at 0; a short text field keeps only their last digits. */
const seedDigits = 6

/** Generates a value of a type; undefined if that is not possible (references, files). */
export function madeUpValue(type: FieldType, seed: number): CanonicalValue | undefined {
  switch (type.kind) {
    case 'string':
      return madeUpText(type, seed)
    case 'decimal':
      return String(1 + (seed % 90))
    case 'integer':
      return String(1 + (seed % 90))
    case 'boolean':
      return seed % 2 === 0
    case 'instant':
      return `2026-01-02T03:04:${String(10 + (seed % 50))}Z`
    case 'date':
      return `2026-01-${String(10 + (seed % 19))}`
    case 'localDateTime':
      return { local: `2026-01-${String(10 + (seed % 19))}T03:04:05`, zone: 'UTC' }
    case 'enum':
      return type.values[seed % type.values.length]
    case 'money':
      return { amount: String(1 + (seed % 90)), currency: 'EUR' }
    case 'group':
      return madeUpGroup(type.fields, seed)
    case 'set':
    case 'list': {
      const one = madeUpValue(type.of, seed)
      return one === undefined ? undefined : [one]
    }
    case 'ref':
    case 'blob':
      return undefined
  }
}

function madeUpText(type: Extract<FieldType, { kind: 'string' }>, seed: number): string {
  const number = String(seed).padStart(seedDigits, '0')
  if (type.format === 'email') return `isthmus-certify-${number}@example.org`
  if (type.format === 'phone') return `+4930${number.padStart(7, '0')}`
  if (type.format === 'uri') return `https://example.org/isthmus-certify/${number}`
  const text = `${recordMark} ${number}`
  return type.maxLength === undefined || text.length <= type.maxLength ? text : number.slice(-type.maxLength)
}

function madeUpGroup(fields: Readonly<Record<string, FieldType>>, seed: number): CanonicalValue {
  const parts = Object.entries(fields).map(([name, type]) => [name, madeUpValue(type, seed)] as const)
  return Object.fromEntries(parts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

/** Fills in a body from the user: `{n}` in its texts is replaced by a number that differs for each record. */
export function fillIn(body: NativeRecord, seed: number): NativeRecord {
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, filled(value, seed)]))
}

function filled(value: unknown, seed: number): unknown {
  if (typeof value === 'string') return value.replaceAll('{n}', String(seed))
  if (Array.isArray(value)) return value.map((one) => filled(one, seed))
  return typeof value === 'object' && value !== null ? fillIn({ ...value }, seed) : value
}

/** Inputs of a template. */
export interface TemplateSource {
  readonly entity: Entity
  readonly part: EntitySystem
  /**
   * Native properties that override the generated ones, for properties that the system requires but the
   * mapping does not contain. @default none
   */
  readonly body?: (seed: number) => NativeRecord
}

/**
 * Returns bodies and patches for the probes, written by the mapping itself; undefined if no text is mapped
 * there, because the records could not be recognised then.
 */
export async function templateOf({
  entity,
  part,
  body,
}: TemplateSource): Promise<RecordTemplate | undefined> {
  const writable = [...part.fields.values()].filter((field) => field.writable).map(({ name }) => name)
  const write = async (values: CanonicalDocument): Promise<NativeRecord> =>
    (await part.lens.write(normalised(entity, values), undefined)).patch
  const valuesFor = (seed: number, names: readonly string[]): CanonicalDocument =>
    Object.fromEntries(
      names.flatMap((name) => {
        const type = entity.fields.get(name)?.type
        const value = type === undefined ? undefined : madeUpValue(type, seed)
        return value === undefined ? [] : [[name, value]]
      }),
    )
  const texts = await textFieldsOf({ entity, part, writable, write })
  const [marking] = texts
  if (marking === undefined) return undefined
  // JSONata lenses are asynchronous, bodies of probes are not, so enough bodies for a run are generated
  // beforehand.
  const made = await Promise.all(
    Array.from({ length: bodiesMax }, (_, seed) => write(valuesFor(seed, writable))),
  )
  const changing = texts.find(({ plain }) => plain) ?? marking
  const patches = await Promise.all(
    Array.from({ length: bodiesMax }, (_, seed) => write(valuesFor(seed + bodiesMax, [changing.name]))),
  )
  return {
    body: (seed) => ({ ...made[seed % bodiesMax], ...body?.(seed) }),
    patch: (seed) => patches[seed % bodiesMax] ?? {},
    texts: texts.filter(({ plain }) => plain),
  }
}

const bodiesMax = 500

function normalised(entity: Entity, values: CanonicalDocument): CanonicalDocument {
  const entries = Object.entries(values)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, entity.fields.get(name)?.normalise(value) ?? value]),
  )
}

interface MappedText {
  readonly name: string
  readonly path: readonly (string | number)[]
  readonly maxLength?: number
  /** The declared normaliser of the system for a text. */
  readonly stores: (text: string) => string
  /** True if any text is allowed: no format and no value map. */
  readonly plain: boolean
}

interface TextSearch {
  readonly entity: Entity
  readonly part: EntitySystem
  readonly writable: readonly string[]
  readonly write: (values: CanonicalDocument) => Promise<NativeRecord>
}

/** Finds the paths to which the mapping writes texts, by writing one and locating it in the result. */
async function textFieldsOf({ entity, part, writable, write }: TextSearch): Promise<readonly MappedText[]> {
  const found: MappedText[] = []
  for (const name of writable) {
    const type = entity.fields.get(name)?.type
    const settings = part.fields.get(name)
    if (type?.kind !== 'string' || settings === undefined) continue
    const text = madeUpText(type, 1)
    const path = pathOf(await write({ [name]: text }), entity.fields.get(name)?.normalise(text) ?? text)
    if (path === undefined) continue
    found.push({
      name,
      path,
      ...(type.maxLength === undefined ? {} : { maxLength: type.maxLength }),
      stores: (given) => {
        const stored = settings.normalise(given)
        return typeof stored === 'string' ? stored : ''
      },
      plain: type.format === undefined,
    })
  }
  return found
}

function pathOf(native: unknown, text: unknown): readonly string[] | undefined {
  if (typeof native !== 'object' || native === null || Array.isArray(native)) return undefined
  for (const [key, value] of Object.entries(native)) {
    if (value === text) return [key]
    const inner = pathOf(value, text)
    if (inner !== undefined) return [key, ...inner]
  }
  return undefined
}
