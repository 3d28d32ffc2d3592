import type { ListEnd, ListedRecord } from '../../kit/contract.ts'
import { judgedList, type ListPage } from '../../kit/list.ts'
import { type MemoryOwner, shown } from './resource-context.ts'

/** Lists every record, page by page. */
export function listAll(owner: MemoryOwner): AsyncGenerator<readonly ListedRecord[], ListEnd> {
  const isKeyset = owner.table.config.capabilities.list.paging === 'keyset'
  return judgedList(pages(owner), { paging: isKeyset ? 'keyset' : 'offset' })
}

async function* pages({ twin, name, table, ...owner }: MemoryOwner): AsyncGenerator<ListPage> {
  const { paging, pageSize } = table.config.capabilities.list
  if (paging === 'none') return
  const all = [...table.living()]
  for (let start = 0; start === 0 || start < all.length; start += pageSize) {
    const fault = twin.fault({ resource: name, operation: 'list' })
    // A list that broke off has fewer records than announced, so it is never complete.
    if (fault !== undefined) return yield { records: [], expected: all.length + 1 }
    const records = all.slice(start, start + pageSize)
    yield {
      records: records.map((record) => shown({ twin, name, table, ...owner }, record, record.native)),
      expected: all.length,
    }
  }
}
