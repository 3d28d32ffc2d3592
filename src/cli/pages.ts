/** Reads every page of a list, up to a limit, so that the output and memory of a command are bounded. */
import type { Page, PageRequest } from '../store/admin-contract.ts'

const pageSize = 200

export interface ReadPages<Row> {
  readonly rows: readonly Row[]
  /** True if there were more than `limit` rows. */
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
