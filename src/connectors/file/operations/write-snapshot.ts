/**
 * Writes into the file that is read: under a lock it is copied row by row with the changes applied, synced,
 * and replaced by a rename.
 *
 * Rows without a write keep their bytes. An incomplete file is not touched: its missing rows would be
 * permanently lost.
 */
import type { FileHandle } from 'node:fs/promises'
import { IsthmusError } from '../../../model/errors.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type { WriteResult } from '../../kit/contract.ts'
import { mergeNative } from '../../kit/native.ts'
import { replaceFile } from '../atomic-file.ts'
import { nativeIdOf, unwritable, versionOf } from '../dialect.ts'
import type { FileOwner } from '../file-owner.ts'
import { underLock } from '../lock.ts'
import { scanFile } from '../scan-file.ts'
import { type Snapshot, stampOf } from '../snapshot.ts'
import { type FileWrite, failedWrite, isLate, refused, tooLate } from './file-write.ts'

const lockWaitMs = 5_000
const bufferBytes = 256 * 1024

/** Executes writes in one rewriting. Several writes of one record are applied in order. */
export async function writeSnapshot(
  owner: FileOwner,
  snapshot: Snapshot,
  writes: readonly FileWrite[],
): Promise<readonly WriteResult[]> {
  try {
    const { name } = await snapshot.current()
    return await underLock(owner.folder, `${name}.lock`, lockWaitMs, (isHeld) =>
      rewrite(owner, snapshot, { writes, isHeld }),
    )
  } catch (problem) {
    const result = failedWrite(owner, problem)
    return writes.map(() => result)
  }
}

async function rewrite(
  owner: FileOwner,
  snapshot: Snapshot,
  { writes, isHeld }: { readonly writes: readonly FileWrite[]; readonly isHeld: () => Promise<boolean> },
): Promise<readonly WriteResult[]> {
  const known = await snapshot.indexed()
  if (known.end.doubt !== undefined) {
    throw new IsthmusError('FILE_DAMAGED', `The file is not rewritten: ${known.end.doubt}.`)
  }
  const results = writes.map((write) => (isLate(owner, write) ? tooLate() : undefined))
  const pending = new Map<string, number[]>()
  for (const [index, { nativeId }] of writes.entries()) {
    if (results[index] === undefined) pending.set(nativeId, [...(pending.get(nativeId) ?? []), index])
  }
  const plan = new Rewriting(owner, known.end.names, writes, results)
  if (!(await plan.changesAnything(snapshot, pending))) return settled(results)
  const isPastStart = (): boolean =>
    writes.some((write, index) => results[index]?.kind === 'ok' && isLate(owner, write))
  const isDone = await replaceFile(
    owner.folder,
    known.name,
    (file) => plan.copy(file, known.name, pending),
    async () => {
      // The file was replaced, or the lock has another holder: the copy would undo what they wrote.
      const isSame = stampOf(await snapshot.current()) === known.stamp && (await isHeld())
      if (!isSame) throw new IsthmusError('FILE_LOCKED', `${known.name} was replaced by another program.`)
      return !isPastStart()
    },
  )
  if (isDone) return settled(results)
  return writes.map((_, index) => (results[index]?.kind === 'ok' ? tooLate() : (results[index] ?? tooLate())))
}

function settled(results: readonly (WriteResult | undefined)[]): readonly WriteResult[] {
  return results.map((result) => result ?? tooLate())
}

class Rewriting {
  readonly #owner: FileOwner
  readonly #names: readonly string[]
  readonly #writes: readonly FileWrite[]
  readonly #results: (WriteResult | undefined)[]

  constructor(
    owner: FileOwner,
    names: readonly string[],
    writes: readonly FileWrite[],
    results: (WriteResult | undefined)[],
  ) {
    this.#owner = owner
    this.#names = names
    this.#writes = writes
    this.#results = results
  }

  /** Tries the writes on their records, and sets their results. */
  async changesAnything(
    snapshot: Snapshot,
    pending: ReadonlyMap<string, readonly number[]>,
  ): Promise<boolean> {
    const nativeIds = [...pending.keys()]
    const found = await snapshot.lookUp(nativeIds)
    let changes = false
    for (const [place, nativeId] of nativeIds.entries()) {
      const lookup = found[place]
      const before = lookup?.kind === 'live' ? lookup.record.native : undefined
      const after = this.#apply(before, pending.get(nativeId) ?? [])
      if (after !== before) changes = true
    }
    return changes
  }

  /** The record after its writes; undefined when it does not exist. */
  #apply(before: NativeRecord | undefined, places: readonly number[]): NativeRecord | undefined {
    let native = before
    for (const place of places) {
      const write = this.#writes[place]
      if (write === undefined) continue
      const outcome = this.#one(write, native)
      this.#results[place] = outcome.result
      if (outcome.result.kind === 'ok') native = outcome.native
    }
    return native
  }

  #one(
    write: FileWrite,
    native: NativeRecord | undefined,
  ): { readonly result: WriteResult; readonly native?: NativeRecord | undefined } {
    const { nativeId } = write
    if (write.kind === 'create') {
      // A row with that key already exists: from an earlier attempt of ours, or from another writer. It is
      // left unchanged.
      const kept = native === undefined ? this.#spelt(write.native) : { native }
      return 'refused' in kept ? { result: kept.refused } : this.#written(nativeId, kept.native)
    }
    if (native === undefined) return { result: { kind: 'gone' } }
    if (write.ifVersion !== undefined && write.ifVersion !== versionOf(native))
      return { result: { kind: 'stale' } }
    if (write.kind === 'delete') return { result: { kind: 'ok', nativeId }, native: undefined }
    const after = mergeNative(native, write.patch)
    if (nativeIdOf(after, this.#owner.config.key) !== nativeId) {
      const { key } = this.#owner.config
      return { result: refused('FILE_KEY_CHANGED', 'The key of a row is its id; it stays as it is.', key) }
    }
    const spelt = this.#spelt(after)
    return 'refused' in spelt ? { result: spelt.refused } : this.#written(nativeId, spelt.native)
  }

  #written(
    nativeId: string,
    native: NativeRecord,
  ): { readonly result: WriteResult; readonly native: NativeRecord } {
    return { result: { kind: 'ok', nativeId, native, version: versionOf(native) }, native }
  }

  /** The record as the file will return it: a cell is a text. */
  #spelt(native: NativeRecord): { readonly native: NativeRecord } | { readonly refused: WriteResult } {
    const { config, dialect, resource } = this.#owner
    if (config.format === 'csv') {
      const unknown = Object.keys(native).filter(
        (name) => native[name] !== undefined && !this.#names.includes(name),
      )
      if (unknown.length > 0) {
        return {
          refused: refused('FILE_COLUMN_UNKNOWN', `The file of ${resource} has no such column.`, unknown),
        }
      }
      const problems = this.#names.filter(
        (name) => unwritable(String(native[name] ?? ''), config) !== undefined,
      )
      if (problems.length > 0) {
        return {
          refused: refused(
            'FILE_UNWRITABLE',
            `A value of ${resource} contains a delimiter, or starts like a formula.`,
            problems,
          ),
        }
      }
    }
    const line = dialect.format(native, this.#names)
    const parsed =
      dialect.encode(line) === undefined ? undefined : dialect.parse(line.replace(/\r?\n$/, ''), this.#names)
    if (parsed?.kind === 'record') return { native: parsed.native }
    const message = `A value of ${resource} can't be encoded in ${config.encoding} ${config.format}.`
    return { refused: refused('FILE_UNWRITABLE', message) }
  }

  /** Copies the file with the changes applied; new records come last. */
  async copy(file: FileHandle, name: string, pending: ReadonlyMap<string, readonly number[]>): Promise<void> {
    const { dialect } = this.#owner
    const out = new Buffered(file)
    const lineEnd = this.#bytes(
      this.#owner.config.format === 'ndjson' || this.#owner.config.csv.lineEnd === 'lf' ? '\n' : '\r\n',
    )
    await out.write(dialect.preamble)
    if (dialect.hasHeader) await out.write(this.#bytes(dialect.formatHeader(this.#names)))
    let count = 0
    const seen = new Set<string>()
    const rows = scanFile(this.#owner, name)
    for (;;) {
      const next = await rows.next()
      if (next.done === true) {
        // Rows that could not be read are missing from the copy.
        if (next.value.doubt === undefined) break
        throw new IsthmusError('FILE_DAMAGED', `The file is not rewritten: ${next.value.doubt}.`)
      }
      const row = next.value
      const places = pending.get(row.nativeId)
      if (places === undefined) {
        await out.write(row.bytes)
        await out.write(lineEnd)
        count += 1
        continue
      }
      seen.add(row.nativeId)
      const after = this.#apply(row.native, places)
      if (after === undefined) continue
      await out.write(this.#bytes(dialect.format(after, this.#names)))
      count += 1
    }
    for (const [nativeId, places] of pending) {
      const made = seen.has(nativeId) ? undefined : this.#apply(undefined, places)
      if (made === undefined) continue
      await out.write(this.#bytes(dialect.format(made, this.#names)))
      count += 1
    }
    await out.write(this.#bytes(dialect.formatTrailer(count)))
    // An empty file would look like one that was never written.
    if (out.isEmpty) await out.write(lineEnd)
    await out.flush()
  }

  #bytes(text: string): Buffer {
    const bytes = this.#owner.dialect.encode(text)
    if (bytes !== undefined) return bytes
    throw new IsthmusError('FILE_UNWRITABLE', `A row can't be encoded in ${this.#owner.config.encoding}.`)
  }
}

class Buffered {
  readonly #file: FileHandle
  #parts: Buffer[] = []
  #size = 0
  #isEmpty = true

  constructor(file: FileHandle) {
    this.#file = file
  }

  /** Nothing was written at all. */
  get isEmpty(): boolean {
    return this.#isEmpty
  }

  async write(bytes: Buffer): Promise<void> {
    this.#parts.push(bytes)
    if (bytes.length > 0) this.#isEmpty = false
    this.#size += bytes.length
    if (this.#size >= bufferBytes) await this.flush()
  }

  async flush(): Promise<void> {
    if (this.#size > 0) await this.#file.writeFile(Buffer.concat(this.#parts))
    this.#parts = []
    this.#size = 0
  }
}
