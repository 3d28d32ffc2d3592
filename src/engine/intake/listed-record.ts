/**
 * Listed native records in the form that the comparison of a full run requires: in scope, canonical, and
 * normalised like the shadow.
 */
import type { ListedRecord } from '../../connectors/kit/contract.ts'
import type { MaybePromise } from '../../model/lens/contract.ts'
import { isPromise } from '../../model/lens/field-lens.ts'
import { nativeAt } from '../../model/lens/native-path.ts'
import type { CanonicalDocument, CanonicalValue } from '../../model/values.ts'
import type { ReferenceQuery, StagedRecord } from '../../store/contract.ts'
import type { IntakeContext } from '../context.ts'
import { readCanonical } from '../observe/reading.ts'
import { collect, mapReferences, nativeIdOfReference, referenceFields } from '../observe/references.ts'
import type { Place } from '../place.ts'

/**
 * Makes the staged rows of a page. Records out of scope are left out: the comparison treats them as not
 * listed, so a linked one is read by id.
 *
 * A record that the mapping can't read at all is staged without values. It differs from whatever was
 * absorbed, so it is read by id and its lane reports the problem.
 */
export async function toStaged(
  context: Pick<IntakeContext, 'store'>,
  place: Place,
  page: readonly ListedRecord[],
): Promise<StagedRecord[]> {
  const readings: { readonly listed: ListedRecord; readonly values: CanonicalDocument }[] = []
  const judge = canJudgeScope(place, page) ? isInScope : () => true
  for (const listed of page) {
    if (!judge(place, listed)) continue
    const values = readValues(place, listed)
    // Most mappings are synchronous; an `await` for each of a million records would cost more than reading
    // them.
    readings.push({ listed, values: isPromise(values) ? await values : values })
  }
  const recordIds = await findRecordIds(context, place, readings)
  return readings.map(({ listed, values }) => ({
    nativeId: listed.nativeId,
    digest: context.store.digest(withRecordIds(place, values, recordIds)),
  }))
}

/**
 * A list may contain fewer properties of a record than a read. Where no record of a page has a property that
 * the scope depends on, the list says nothing about the scope, and the reads by id decide; treating it as an
 * absent value would exclude records that are in scope.
 */
function canJudgeScope({ part }: Place, page: readonly ListedRecord[]): boolean {
  const paths = part.scopePaths ?? []
  return paths.every((path) => page.some(({ native }) => nativeAt(native, path) !== undefined))
}

function isInScope(place: Place, listed: ListedRecord): boolean {
  try {
    return place.part.inScope(listed.native)
  } catch {
    // A filter that can't evaluate a record says nothing about it; the read by id decides.
    return true
  }
}

function readValues(place: Place, listed: ListedRecord): MaybePromise<CanonicalDocument> {
  try {
    const reading = readCanonical(place.entity, place.part, listed.native)
    if (!isPromise(reading)) return reading.values
    return reading.then(
      ({ values }) => values,
      () => ({}),
    )
  } catch {
    return {}
  }
}

/** Record ids by entity and native id, queried for a whole page at once. */
type RecordIds = ReadonlyMap<string, string>

async function findRecordIds(
  context: Pick<IntakeContext, 'store'>,
  place: Place,
  page: readonly { readonly values: CanonicalDocument }[],
): Promise<RecordIds> {
  const wanted = new Map<string, ReferenceQuery>()
  for (const field of referenceFields(place.entity)) {
    for (const { values } of page) {
      for (const { entity, id } of collect(field.type, values[field.name])) {
        wanted.set(referenceKey(entity, id), {
          system: place.system,
          entity,
          nativeId: nativeIdOfReference(id),
        })
      }
    }
  }
  if (wanted.size === 0) return new Map()
  const responses = await context.store.resolveReferences([...wanted.values()])
  return new Map(
    [...wanted.keys()].flatMap((key, index) => {
      const recordId = responses[index]?.recordId
      return recordId === undefined ? [] : [[key, recordId] as const]
    }),
  )
}

function referenceKey(entity: string, id: string): string {
  return `${entity}\n${id}`
}

/**
 * A reference without a record for its target was never absorbed, so its field is left out here as it is in
 * the shadow.
 */
function withRecordIds(place: Place, values: CanonicalDocument, recordIds: RecordIds): CanonicalDocument {
  const fields = referenceFields(place.entity)
  if (fields.length === 0) return values
  const translated: Record<string, CanonicalValue> = { ...values }
  for (const { name, type } of fields) {
    const value = values[name]
    if (value === undefined) continue
    const known = collect(type, value).every(({ entity, id }) => recordIds.has(referenceKey(entity, id)))
    if (known) {
      translated[name] = mapReferences(
        type,
        value,
        (entity, id) => recordIds.get(referenceKey(entity, id)) ?? id,
      )
    } else delete translated[name]
  }
  return translated
}
