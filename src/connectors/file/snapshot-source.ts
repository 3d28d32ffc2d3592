/** Records of the single file that contains them all. */
import type { FileOwner } from './file-owner.ts'
import type { RecordSource } from './record-source.ts'
import { Snapshot } from './snapshot.ts'

/** Reads the newest file of a pattern. */
export function snapshotSource(
  owner: FileOwner,
  pattern: string,
): RecordSource & { readonly snapshot: Snapshot } {
  const snapshot = new Snapshot(owner, pattern)
  return {
    snapshot,
    names: async () => owner.config.csv.columns ?? (await snapshot.indexed()).end.names,
    read: async (nativeIds) => {
      const found = await snapshot.lookUp(nativeIds)
      return found.map((lookup) => {
        if (lookup.kind === 'live') return { kind: 'live', ...lookup.record }
        if (lookup.kind === 'gone') return { kind: 'gone' }
        const failure = { code: 'FILE_DAMAGED', message: `${lookup.doubt}.`, scope: 'record' } as const
        return { kind: 'unknown', failure }
      })
    },
    async *list(onDoubt) {
      const pages = snapshot.pages(await snapshot.current())
      const { end } = yield* pages
      if (end.doubt !== undefined) onDoubt(end.doubt)
    },
  }
}
