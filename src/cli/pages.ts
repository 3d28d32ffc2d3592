/** Reads every page of a list, up to a bound, so that a command never prints or holds without end. */
import type { Page, PageRequest } from '../store/admin-contract.ts'

const pageSize = 200

export interface ReadPages<Row> {
  readonly rows: readonly Row[]
  /** There was more than `limit`. */
  readonly cut: boolean
}

/** Reads up to `limit` rows. */
export async function readPages<Row>(
  limit: number,
  read: (page: PageRequest) => Promise<Page<Row>>,
): Promise<ReadPages<Row>> {
  const rows: Row[] = []
  let cursor: string | undefined
  do {
    const page = await read({
      limit: Math.min(pageSize, limit - rows.length),
      ...(cursor === undefined ? {} : { cursor }),
    })
    rows.push(...page.rows)
    cursor = page.cursor
  } while (cursor !== undefined && rows.length < limit)
  return { rows, cut: cursor !== undefined }
}
