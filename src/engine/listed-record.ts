/** Listed native records as the comparison of a full run needs them: in scope, canonical, and normalised like the shadow. */
import type { ListedRecord } from '../connectors/kit/contract.ts'
import type { CanonicalDocument, CanonicalValue, FieldType } from '../model/values.ts'
import type { ReferenceQuery, StagedRecord } from '../store/contract.ts'
import type { IntakeContext } from './intake-context.ts'
import type { Place } from './place.ts'
import { readCanonical } from './reading.ts'

/** What a reading writes before a native id (see `FieldType`, `ref`). */
const REFERENCE_PREFIX = 'ref:'

/**
 * Makes the staged rows of a page. Records out of scope are left out: to the comparison they are not listed, so a linked one is looked at.
 *
 * A record that the mapping can't read at all is staged without values. It differs from whatever was absorbed, so it is looked at by id
 * and its lane says what is wrong.
 */
export async function toStaged(
  context: Pick<IntakeContext, 'store'>,
  place: Place,
  page: readonly ListedRecord[],
): Promise<StagedRecord[]> {
  const readings: { readonly listed: ListedRecord; readonly values: CanonicalDocument }[] = []
  for (const listed of page) {
    if (isInScope(place, listed)) readings.push({ listed, values: await readValues(place, listed) })
  }
  const recordIds = await findRecordIds(context, place, readings)
  return readings.map(({ listed, values }) => ({
    rid: listed.rid,
    values: Object.fromEntries(translateAll(place, values, recordIds)),
    ...(listed.version === undefined ? {} : { version: listed.version }),
  }))
}

function isInScope(place: Place, listed: ListedRecord): boolean {
  try {
    return place.part.inScope(listed.native)
  } catch {
    // A filter that can't judge a record says nothing about it; the look by id tells.
    return true
  }
}

async function readValues(place: Place, listed: ListedRecord): Promise<CanonicalDocument> {
  try {
    return (await readCanonical(place.entity, place.part, listed.native)).values
  } catch {
    return {}
  }
}

/** Record ids by entity and native id, asked for a whole page at once. */
type RecordIds = ReadonlyMap<string, string>

async function findRecordIds(
  context: Pick<IntakeContext, 'store'>,
  place: Place,
  page: readonly { readonly values: CanonicalDocument }[],
): Promise<RecordIds> {
  const wanted = new Map<string, ReferenceQuery>()
  const want = (entity: string, rid: string): undefined => {
    wanted.set(referenceKey(entity, rid), { system: place.system, entity, rid })
    return undefined
  }
  const references = [...place.part.fields.keys()].flatMap((name) => {
    const type = place.entity.fields.get(name)?.type
    return type !== undefined && holdsReference(type) ? [{ name, type }] : []
  })
  if (references.length === 0) return new Map()
  for (const { values } of page) {
    for (const { name, type } of references) translate(type, values[name], want)
  }
  const queries = [...wanted]
  const answers = await context.store.resolveReferences(queries.map(([, query]) => query))
  return new Map(
    queries.flatMap(([key], index) => {
      const recordId = answers[index]?.recordId
      return recordId === undefined ? [] : [[key, recordId] as const]
    }),
  )
}

function referenceKey(entity: string, rid: string): string {
  return `${entity}\n${rid}`
}

function holdsReference(type: FieldType): boolean {
  if (type.kind === 'ref') return true
  if (type.kind === 'set' || type.kind === 'list') return holdsReference(type.of)
  return type.kind === 'group' && Object.values(type.fields).some(holdsReference)
}

function* translateAll(
  place: Place,
  values: CanonicalDocument,
  recordIds: RecordIds,
): Generator<readonly [string, CanonicalValue]> {
  for (const [name, value] of Object.entries(values)) {
    const type = place.entity.fields.get(name)?.type
    if (type === undefined) continue
    const translated = translate(type, value, (entity, rid) => recordIds.get(referenceKey(entity, rid)))
    // Without a record for its target a reference was never absorbed either, so both sides leave the field out.
    if (translated !== undefined) yield [name, translated]
  }
}

/** The value with record ids for native ids; undefined when one of them is unknown. */
function translate(
  type: FieldType,
  value: CanonicalValue | undefined,
  find: (entity: string, rid: string) => string | undefined,
): CanonicalValue | undefined {
  if (value === undefined || value === null || !holdsReference(type)) return value
  if (type.kind === 'ref') {
    if (typeof value !== 'string') return value
    return find(
      type.entity,
      value.startsWith(REFERENCE_PREFIX) ? value.slice(REFERENCE_PREFIX.length) : value,
    )
  }
  if (typeof value !== 'object') return value
  if (type.kind === 'group') {
    const parts = Object.entries(value).map(([name, part]) => {
      const partType = type.fields[name]
      return [name, partType === undefined ? part : translate(partType, part, find)] as const
    })
    return parts.some(([, part]) => part === undefined) ? undefined : Object.fromEntries(definedOnly(parts))
  }
  if ((type.kind !== 'set' && type.kind !== 'list') || !isList(value)) return value
  const items = value.map((item) => translate(type.of, item, find))
  const known = items.filter((item) => item !== undefined)
  if (known.length < items.length) return undefined
  return type.kind === 'set' ? sortTexts(known) : known
}

function definedOnly(
  parts: readonly (readonly [string, CanonicalValue | undefined])[],
): (readonly [string, CanonicalValue])[] {
  return parts.flatMap(([name, part]) => (part === undefined ? [] : [[name, part] as const]))
}

function isList(value: object): value is readonly CanonicalValue[] {
  return Array.isArray(value)
}

/** A set is sorted by what it holds, and other ids sort otherwise. */
function sortTexts(items: readonly CanonicalValue[]): CanonicalValue {
  return items.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))
}
