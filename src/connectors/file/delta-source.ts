/** Records as reported by change files so far. */
import { z } from 'zod'
import type { ChangedRecord, ChangesResult, ListedRecord } from '../kit/contract.ts'
import type { FileResourceConfig } from './config.ts'
import { Deltas } from './deltas.ts'
import { versionOf } from './dialect.ts'
import type { FileOwner } from './file-owner.ts'
import type { RecordSource } from './record-source.ts'

const cursorSchema = z.strictObject({ g: z.string(), at: z.int().min(0) })

type DeltaConfig = Extract<FileResourceConfig['read'], { from: 'deltas' }>

/** Reads change files into a separate state. */
export function deltaSource(owner: FileOwner, config: DeltaConfig): RecordSource {
  const deltas = new Deltas(owner, config)
  return {
    names: async () => owner.config.csv.columns ?? columnsOf(deltas),
    read: async (nativeIds) => {
      await deltas.takeIn('soon')
      const found = await deltas.log.lookUp(nativeIds)
      const doubt = found.includes(undefined) ? await deltas.doubt() : undefined
      return found.map((native, place) => {
        if (native !== undefined) {
          return { kind: 'live', nativeId: nativeIds[place] ?? '', native, version: versionOf(native) }
        }
        if (doubt === undefined) return { kind: 'gone' }
        return { kind: 'unknown', failure: { code: 'FILE_DAMAGED', message: `${doubt}.`, scope: 'record' } }
      })
    },
    list: (onDoubt) => living(deltas, owner.system.pageSize, onDoubt),
    changes: (cursor) => changesAfter(deltas, cursor, owner.system.pageSize),
  }
}

async function* living(
  deltas: Deltas,
  pageSize: number,
  onDoubt: (reason: string) => void,
): AsyncGenerator<readonly ListedRecord[]> {
  await deltas.takeIn('at once')
  let page: ListedRecord[] = []
  for await (const { nativeId, native } of deltas.log.living()) {
    page.push({ nativeId, native, version: versionOf(native) })
    if (page.length < pageSize) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
  const doubt = await deltas.doubt()
  if (doubt !== undefined) onDoubt(doubt)
}

/**
 * A page of the log. The log is the feed, so a file may be archived before its changes have been read from
 * here.
 */
async function changesAfter(
  deltas: Deltas,
  cursor: string | undefined,
  pageSize: number,
): Promise<ChangesResult> {
  await deltas.takeIn('at once')
  const { log } = deltas
  // Evaluated now: the log may grow while a page is read, and the additions belong to the next one.
  const { generation, end: until } = log
  const at = cursor === undefined ? { g: generation, at: 0 } : parseCursor(cursor)
  if (at === undefined || at.g !== generation || at.at > until) return { kind: 'expired' }
  const changed: ChangedRecord[] = []
  let place = at.at
  for await (const { nativeId, native, end } of log.after(place, until)) {
    changed.push(
      native === undefined ? { nativeId, deleted: true } : { nativeId, version: versionOf(native) },
    )
    place = end
    if (changed.length >= pageSize) break
  }
  const more = changed.length >= pageSize && place < until
  if (changed.length === 0) await deltas.assertWhole()
  const next = more ? place : until
  return { kind: 'page', changed, cursor: JSON.stringify({ g: generation, at: next }), more }
}

function parseCursor(cursor: string): z.infer<typeof cursorSchema> | undefined {
  try {
    return cursorSchema.safeParse(JSON.parse(cursor)).data
  } catch {
    return undefined
  }
}

/** Without a header of our own, orders are written with the columns of the records received. */
async function columnsOf(deltas: Deltas): Promise<readonly string[]> {
  await deltas.takeIn('soon')
  for await (const { native } of deltas.log.living()) return Object.keys(native)
  return []
}
