/**
 * Searches of a file. Only the key is indexed, so each search reads the whole file; several share one pass.
 * Texts are compared ignoring case and surrounding blanks, which has no extra cost here: people enter both
 * inconsistently in tables.
 */
import type { FindRequest, FindResult } from '../../kit/contract.ts'
import { textAt } from '../../kit/native.ts'
import { searchForm } from '../../kit/search/search-equality.ts'
import { type FileOwner, fileFailure } from '../file-owner.ts'
import type { RecordSource } from '../record-source.ts'

/** Maximum number of rows returned for one search. */
export const foundMax = 100
/** Maximum number of searches in one pass of the file. */
export const searchBatch = 500

/** Returns the result of each search in its position. Never throws. */
export async function findAll(
  owner: FileOwner,
  source: RecordSource,
  requests: readonly FindRequest[],
): Promise<readonly FindResult[]> {
  const [key = ''] = owner.config.key
  const searches = requests.map((request) => new Search(request, key))
  let doubt: string | undefined
  try {
    for await (const page of source.list((reason) => {
      doubt = reason
    })) {
      for (const { nativeId, native } of page) for (const search of searches) search.see(nativeId, native)
      if (searches.every(({ isFull }) => isFull)) break
    }
  } catch (problem) {
    const failure = fileFailure(problem, `Searching ${owner.resource}`)
    return searches.map(() => ({ kind: 'unknown', failure }))
  }
  return searches.map((search) => search.result(doubt))
}

class Search {
  readonly #wanted: readonly (readonly [name: string, form: string | undefined])[]
  readonly #nativeIds: string[] = []

  constructor(request: FindRequest, key: string) {
    const values = request.by === 'marker' ? { [key]: request.recordId } : request.values
    this.#wanted = Object.keys(values).map((name) => [name, formAt(values, name)])
  }

  get isFull(): boolean {
    return this.#nativeIds.length >= foundMax
  }

  see(nativeId: string, native: Readonly<Record<string, unknown>>): void {
    if (!this.isFull && this.#wanted.every(([name, form]) => formAt(native, name) === form))
      this.#nativeIds.push(nativeId)
  }

  result(doubt: string | undefined): FindResult {
    const nativeIds = this.#nativeIds
    if (this.isFull) return { kind: 'found', nativeIds, capped: true }
    if (doubt === undefined || nativeIds.length > 0)
      return { kind: 'found', nativeIds, capped: doubt !== undefined }
    return { kind: 'unknown', failure: { code: 'FILE_DAMAGED', message: `${doubt}.`, scope: 'record' } }
  }
}

function formAt(native: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const text = textAt(native, [name])
  return text === undefined ? undefined : searchForm(text, 'ignoringCaseAndSpace')
}
