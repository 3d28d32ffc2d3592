/** Rows of the shop: versions, times of change, unique keys. Each operation happens at one time of its own clock. */

/** One row; `id`, `version` and the times are the table's. */
export interface ShopRow {
  readonly id: string
  readonly version: number
  readonly createdAt: string
  readonly updatedAt: string
  readonly [field: string]: unknown
}

/** Why a change was refused. */
export interface Refusal {
  readonly field: readonly string[]
  readonly message: string
  readonly code: 'BLANK' | 'NOT_FOUND' | 'STALE_VERSION' | 'TAKEN' | 'TOO_LONG'
}

export type Changed = { readonly row: ShopRow } | { readonly refusal: Refusal }

export interface ShopTableOptions {
  /** Begin of its ids: `Product`. */
  readonly type: string
  /** Fields that no two rows share. */
  readonly unique: readonly string[]
  /** Longest texts, by field. */
  readonly lengths: Readonly<Record<string, number>>
  /** Epoch ms. */
  readonly now: () => number
}

export class ShopTable {
  readonly #options: ShopTableOptions
  readonly #rows = new Map<string, ShopRow>()
  #lastId = 0

  constructor(options: ShopTableOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#rows.size
  }

  get(id: string): ShopRow | undefined {
    return this.#rows.get(id)
  }

  /** All rows, by id. */
  all(): readonly ShopRow[] {
    return [...this.#rows.values()].sort((a, b) => compare(a.id, b.id))
  }

  create(input: Readonly<Record<string, unknown>>): Changed {
    const refusal = this.#refusal(input, undefined)
    if (refusal !== undefined) return { refusal }
    this.#lastId += 1
    const id = `${this.#options.type}-${String(this.#lastId).padStart(8, '0')}`
    const at = new Date(this.#options.now()).toISOString()
    const row = { ...input, id, version: 1, createdAt: at, updatedAt: at }
    this.#rows.set(id, row)
    return { row }
  }

  update(id: string, input: Readonly<Record<string, unknown>>, version?: number | null): Changed {
    const before = this.#rows.get(id)
    if (before === undefined) return { refusal: notFound }
    if (version !== undefined && version !== null && version !== before.version) return { refusal: stale }
    const refusal = this.#refusal({ ...before, ...input }, id)
    if (refusal !== undefined) return { refusal }
    const updatedAt = new Date(this.#options.now()).toISOString()
    const row = { ...before, ...input, id, version: before.version + 1, updatedAt }
    this.#rows.set(id, row)
    return { row }
  }

  remove(id: string, version?: number | null): Changed {
    const row = this.#rows.get(id)
    if (row === undefined) return { refusal: notFound }
    if (version !== undefined && version !== null && version !== row.version) return { refusal: stale }
    this.#rows.delete(id)
    return { row }
  }

  #refusal(input: Readonly<Record<string, unknown>>, id: string | undefined): Refusal | undefined {
    for (const [field, max] of Object.entries(this.#options.lengths)) {
      const value = input[field]
      if (field === 'title' && value === '')
        return { field: ['input', field], message: 'is blank', code: 'BLANK' }
      if (typeof value === 'string' && [...value].length > max)
        return { field: ['input', field], message: `has more than ${max} characters`, code: 'TOO_LONG' }
    }
    for (const field of this.#options.unique) {
      const value = input[field]
      if (value === undefined || value === null) continue
      const other = [...this.#rows.values()].find((row) => row[field] === value && row.id !== id)
      if (other !== undefined) return { field: ['input', field], message: 'is taken', code: 'TAKEN' }
    }
    return undefined
  }
}

const notFound: Refusal = { field: ['id'], message: 'no such record', code: 'NOT_FOUND' }
const stale: Refusal = { field: ['version'], message: 'the record was changed since', code: 'STALE_VERSION' }

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
