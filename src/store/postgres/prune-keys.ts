/** Removes keys that seal nothing any more: what they sealed stays unreadable, even in old backups of the rest. */
import type { Database } from './database.ts'
import { deleteOrphanKeys } from './sql/record-keys.ts'
import { deleteDayKeys } from './sql/sealing-keys.ts'

const firstId = '00000000-0000-0000-0000-000000000000'
const dayMs = 86_400_000
/** Slices looked through in one call: nearly all keys are in use, so a call removes few and must be bounded by what it reads. */
const slicesMax = 20

/** Walks through the keys of records, a part of them in each call. */
export class KeyPruner {
  readonly #database: Database
  #after = firstId

  constructor(database: Database) {
    this.#database = database
  }

  /**
   * Returns the number of removed keys.
   *
   * @param deliveriesBefore older deliveries are not kept
   */
  async prune(deliveriesBefore: number, limit: number): Promise<number> {
    const session = this.#database.session('removing keys')
    let removed = await deleteDayKeys(session, Math.floor(deliveriesBefore / dayMs) - 1)
    for (let slice = 0; slice < slicesMax; slice += 1) {
      const { removed: orphans, last } = await deleteOrphanKeys(session, this.#after, limit)
      removed += orphans
      this.#after = last ?? firstId
      if (last === null) break
    }
    return removed
  }
}
