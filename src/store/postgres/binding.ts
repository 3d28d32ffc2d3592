/** The bound definition, its lens sets, and the consequences for records that were read through others. */
import { IsthmusError, isIsthmusError } from '../../model/errors.ts'
import type { Binding, BindRequest, Bound, MarkPlaceRequest, MarkPlaceResult } from '../binding-contract.ts'
import type { FieldCodec } from '../contract.ts'
import { decodeLossless, encodeLossless } from '../documents.ts'
import { planLensSets, type StoredLensSet } from '../lens-sets.ts'
import type { PostgresContext } from './context.ts'
import type { Session } from './database.ts'
import { refuseUnsealed } from './sealing.ts'
import { lockBinding, readBinding, saveBinding, saveDefinition } from './sql/bind-integration.ts'
import { addLensSet, readLensSets, retireLensSets } from './sql/lens-sets.ts'
import { markOutdated as markOutdatedRecords } from './sql/mark-outdated.ts'
import { markUnplaced as markUnplacedRecords } from './sql/mark-unplaced.ts'
import { readNow } from './sql/read-now.ts'

const documentPlace = (version: string) => ({ table: 'definition', column: 'document', rowId: version })

/** Implements `BindingStore.bind`. */
export function bindDefinition(context: PostgresContext, request: BindRequest): Promise<Binding> {
  const { id, version, document } = request
  return context.database.transaction('binding the integration', async (session) => {
    await lockBinding(session, context.lockClass)
    await refuseUnsealed(session, context.codec)
    const bound = await readBinding(session)
    if (bound !== undefined && bound.id !== id) {
      throw new IsthmusError('STORE_OTHER_INTEGRATION', `the schema belongs to ${bound.id}, not to ${id}`)
    }
    const known = await readLensSets(session)
    const changed = request.lenses !== undefined && (await bindLenses(session, known, request))
    const moves = bound === undefined || bound.version !== version || changed
    const epoch = (bound?.epoch ?? 0) + (moves ? 1 : 0)
    if (moves) await saveBinding(session, { id, version, epoch })
    await saveDefinition(session, version, encodeLossless(context.codec, documentPlace(version), document))
    return {
      epoch,
      lenses: changed ? await readLensSets(session) : known,
      ...(bound === undefined ? {} : { previous: bound.version }),
    }
  })
}

async function bindLenses(
  session: Session,
  known: readonly StoredLensSet[],
  { lenses = [], before }: BindRequest,
): Promise<boolean> {
  const plan = planLensSets(known, lenses, { before, now: await readNow(session) })
  await retireLensSets(session, plan.retire)
  for (const set of plan.add) await addLensSet(session, set)
  return plan.changed
}

export function readBound({ database, codec }: PostgresContext): Promise<Bound | undefined> {
  return database.reading('reading the binding', async (session) => {
    const bound = await readBinding(session)
    if (bound === undefined) return undefined
    const { id, version, epoch, document } = bound
    const lenses = await readLensSets(session)
    return { id, version, epoch, document: documentOf(codec, version, document), lenses }
  })
}

/** Undefined for one that this process can't decode: it belongs to another integration, or to another key. */
function documentOf(codec: FieldCodec, version: string, document: Uint8Array | null): unknown {
  if (document === null) return undefined
  try {
    return decodeLossless(codec, documentPlace(version), document)
  } catch (error) {
    if (isIsthmusError(error) && error.code === 'STORE_DOCUMENT_UNREADABLE') return undefined
    throw error
  }
}

export async function markUnplaced(session: Session, request: MarkPlaceRequest): Promise<MarkPlaceResult> {
  return resultOf(await markUnplacedRecords(session, request), request)
}

export async function markOutdated(session: Session, request: MarkPlaceRequest): Promise<MarkPlaceResult> {
  return resultOf(await markOutdatedRecords(session, request), request)
}

function resultOf(ids: readonly string[], { limit }: MarkPlaceRequest): MarkPlaceResult {
  const last = ids.length < limit ? undefined : ids.at(-1)
  return { marked: ids.length, ...(last === undefined ? {} : { last }) }
}
