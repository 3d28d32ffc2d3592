/** Shared code of the peers: calls with a time limit and retries, and state in a file, as in typical scripts and flows. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'

export interface PeerRecord {
  readonly id: string
  readonly code: string
  readonly version: number
  readonly updatedAt: string
  readonly modifiedBy?: string
  readonly [field: string]: unknown
}

/** Position of a poll: time of change, then id, so that nothing is read twice and no record with the same time is skipped. */
export interface FeedPlace {
  readonly from: string
  readonly after: string
}

export const beginning: FeedPlace = { from: '1970-01-01T00:00:00.000Z', after: '' }

export function placeOf({ updatedAt, id }: PeerRecord): FeedPlace {
  return { from: updatedAt, after: id }
}

export const fields = ['code', 'name', 'email', 'phone', 'city'] as const
/** Compares values in the form in which one side truncates them. */
const nameMax = 40

export function valuesOf(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field, record[field]]))
}

export function sameValues(
  left: Readonly<Record<string, unknown>>,
  right: Readonly<Record<string, unknown>>,
): boolean {
  return fields.every(
    (field) => String(left[field] ?? '').slice(0, nameMax) === String(right[field] ?? '').slice(0, nameMax),
  )
}

const attemptsMax = 4
const timeoutMs = 3_000

/** One collection of a system. */
export class Side {
  readonly #base: string

  constructor(base: string) {
    this.#base = base
  }

  /** Returns the records changed after a position in the order of changes. */
  async changedSince(place: FeedPlace): Promise<readonly PeerRecord[]> {
    const found: PeerRecord[] = []
    for (let cursor = place; ; ) {
      const query = new URLSearchParams({ ...cursor, limit: '200' })
      const { data, more } = (await this.#ask('GET', `/changed?${query}`)) as {
        data: PeerRecord[]
        more: boolean
      }
      found.push(...data)
      const last = data.at(-1)
      if (!more || last === undefined) return found
      cursor = placeOf(last)
    }
  }

  /** Returns every record. */
  async all(): Promise<readonly PeerRecord[]> {
    const found: PeerRecord[] = []
    for (let after: string | null = ''; after !== null; ) {
      const query: string = after === '' ? '?limit=200' : `?limit=200&after=${after}`
      const page = (await this.#ask('GET', query)) as { data: PeerRecord[]; next: string | null }
      found.push(...page.data)
      after = page.next
    }
    return found
  }

  async byCode(code: string): Promise<PeerRecord | undefined> {
    const { data } = (await this.#ask('GET', `?${new URLSearchParams({ code })}`)) as { data: PeerRecord[] }
    return data[0]
  }

  async read(id: string): Promise<PeerRecord | undefined> {
    return (await this.#ask('GET', `/${id}`)) as PeerRecord | undefined
  }

  async create(values: Readonly<Record<string, unknown>>): Promise<PeerRecord> {
    return (await this.#ask('POST', '', values)) as PeerRecord
  }

  /** Reads, applies the values, and writes under the version read; if the version has changed, the record is read again. */
  async write(id: string, values: Readonly<Record<string, unknown>>): Promise<PeerRecord | undefined> {
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const known = await this.read(id)
      if (known === undefined) return undefined
      const { id: _i, version, updatedAt: _u, modifiedBy: _m, ...rest } = known
      const written = await this.#ask('PUT', `/${id}`, { ...rest, ...values }, version)
      if (written !== 'moved') return written as PeerRecord | undefined
    }
    throw new Error(`${id} is written by others all the time`)
  }

  async remove(id: string): Promise<void> {
    const known = await this.read(id)
    if (known !== undefined) await this.#ask('DELETE', `/${id}`, undefined, known.version)
  }

  async #ask(method: string, path: string, body?: unknown, version?: number): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await fetch(`${this.#base}${path}`, {
          method,
          signal: AbortSignal.timeout(timeoutMs),
          headers: {
            'content-type': 'application/json',
            ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        if (response.status === 404 || response.status === 204) return undefined
        if (response.status === 412) return 'moved'
        if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`)
        return await response.json()
      } catch (error) {
        if (attempt >= attemptsMax) throw error
        await sleep(200 * 2 ** attempt)
      }
    }
  }
}

/** State in a file: replaced atomically, so that a kill leaves the old or the new state. */
export function openState<State extends object>(file: string, fresh: State): { state: State; save(): void } {
  const state = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as State) : fresh
  return {
    state,
    save: () => {
      writeFileSync(`${file}.new`, JSON.stringify(state))
      renameSync(`${file}.new`, file)
    },
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

/** Runs one step after the other until the parent has ended. Failures are retried with the next step. */
export async function runForever(everyMs: number, step: () => Promise<void>): Promise<never> {
  process.once('SIGTERM', () => process.exit(0))
  process.stdin.resume()
  process.stdin.once('end', () => process.exit(0))
  for (;;) {
    await step().catch((error: unknown) => {
      if (process.env.PEER_DEBUG !== undefined) console.error(error)
    })
    await sleep(everyMs)
  }
}
