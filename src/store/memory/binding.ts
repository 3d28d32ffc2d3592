/** The bound definition and its lens sets. */
import { IsthmusError } from '../../model/errors.ts'
import type { Binding, BindRequest, Bound, MarkPlaceRequest, MarkPlaceResult } from '../binding-contract.ts'
import { decodeLossless, encodeLossless } from '../documents.ts'
import { isSamePlace, planLensSets } from '../lens-sets.ts'
import { type MemberRow, type MemoryContext, type MemoryTables, markDirty, type RecordRow } from './tables.ts'

const documentPlace = (version: string) => ({ table: 'definition', column: 'document', rowId: version })

/** Implements `BindingStore.bind`. */
export function bindDefinition(context: MemoryContext, request: BindRequest): Binding {
  const { tables, codec } = context
  const { id, version, document, lenses, before } = request
  const bound = tables.integration
  if (bound !== undefined && bound.id !== id) {
    throw new IsthmusError('STORE_OTHER_INTEGRATION', `the store belongs to ${bound.id}, not to ${id}`)
  }
  const changed = lenses !== undefined && bindLenses(context, { lenses, before })
  const moves = bound === undefined || bound.version !== version || changed
  const epoch = (bound?.epoch ?? 0) + (moves ? 1 : 0)
  const encoded = encodeLossless(codec, documentPlace(version), document)
  tables.integration = { id, version, epoch, document: encoded }
  return {
    epoch,
    lenses: tables.lensSets,
    ...(bound === undefined ? {} : { previous: bound.version }),
  }
}

function bindLenses(
  { tables, now }: MemoryContext,
  {
    lenses,
    before,
  }: { readonly lenses: NonNullable<BindRequest['lenses']>; readonly before: BindRequest['before'] },
): boolean {
  const plan = planLensSets(tables.lensSets, lenses, { before, now: now() })
  const kept = tables.lensSets.map((set) => (plan.retire.includes(set.id) ? { ...set, current: false } : set))
  const added = plan.add.map((set, index) => ({ ...set, id: kept.length + index + 1 }))
  tables.lensSets = [...kept, ...added]
  return plan.changed
}

export function readBound({ tables, codec }: MemoryContext): Bound | undefined {
  const bound = tables.integration
  if (bound === undefined) return undefined
  const document = decodeLossless(codec, documentPlace(bound.version), bound.document)
  return { ...bound, document, lenses: tables.lensSets }
}

/** The member was read through another lens set than the current one of its place. */
export function isOutdated({ lensSets }: MemoryTables, member: MemberRow): boolean {
  const place = lensSets.filter((set) => isSamePlace(set, member))
  const current = place.find((set) => set.current)
  const held = member.lens ?? place.find((set) => set.legacy)?.id
  return current !== undefined && held !== current.id
}

/** Complete runs from before the system left and came back prove nothing. */
export function isListed(
  { tables }: MemoryContext,
  place: { readonly system: string; readonly entity: string },
): boolean {
  const since = tables.lensSets.find((set) => set.current && isSamePlace(set, place))?.joinedAt ?? 0
  return [...tables.runs.values()].some(
    (run) =>
      run.system === place.system &&
      run.entity === place.entity &&
      run.kind === 'full' &&
      run.complete === true &&
      run.startedAt >= since,
  )
}

export function markUnplaced(context: MemoryContext, request: MarkPlaceRequest): MarkPlaceResult {
  const { tables } = context
  return markSome(context, request, (row) => {
    return row.state === 'active' && tables.members.get(row.id)?.get(request.system) === undefined
  })
}

export function markOutdated(context: MemoryContext, request: MarkPlaceRequest): MarkPlaceResult {
  const { tables } = context
  return markSome(context, request, (row) => {
    const member = tables.members.get(row.id)?.get(request.system)
    const rests = row.state !== 'active' && row.state !== 'ignored'
    return !rests && member?.nativeId !== undefined && isOutdated(tables, member)
  })
}

function markSome(
  { tables, now }: MemoryContext,
  { system, entity, after = '', limit }: MarkPlaceRequest,
  wanted: (row: RecordRow) => boolean,
): MarkPlaceResult {
  const rows = [...tables.records.values()]
    .filter((row) => row.entity === entity && row.id > after && wanted(row))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, limit)
  for (const row of rows) markDirty(tables, row, [system], { now: now(), cause: 'definition' })
  const last = rows.length < limit ? undefined : rows.at(-1)?.id
  return { marked: rows.length, ...(last === undefined ? {} : { last }) }
}
