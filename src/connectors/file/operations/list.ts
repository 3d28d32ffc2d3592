import type { ListEnd, ListedRecord } from '../../kit/contract.ts'
import { judgedList, type ListPage } from '../../kit/list.ts'
import { type FileOwner, fileError } from '../file-owner.ts'
import type { RecordSource } from '../record-source.ts'

/** Lists every record; the end reports why the list may be incomplete. */
export async function* listAll(
  owner: FileOwner,
  source: RecordSource,
): AsyncGenerator<readonly ListedRecord[], ListEnd> {
  let doubt: string | undefined
  async function* pages(): AsyncGenerator<ListPage> {
    try {
      for await (const page of source.list((reason) => {
        doubt = reason
      })) {
        yield { records: page }
      }
    } catch (problem) {
      throw fileError(problem, `Listing ${owner.resource}`)
    }
  }
  const end = yield* judgedList(pages(), { paging: 'keyset' })
  return doubt === undefined ? end : { complete: false, reason: doubt }
}
