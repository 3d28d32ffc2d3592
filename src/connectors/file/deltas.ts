/**
 * Change files: ingested one after the other by name, each as a whole, then moved to the archive.
 *
 * A file is first stored durably in the state log, and moved after that: after a crash in between it is
 * ingested again, which changes nothing. A file with damaged rows contributes all its valid ones and is
 * archived as `….damaged`; as long as such a file exists, some record is not known, and nothing counts as
 * complete.
 */
import path from 'node:path'
import { IsthmusError } from '../../model/errors.ts'
import type { NativeRecord } from '../../model/values.ts'
import { textAt } from '../kit/native.ts'
import { replaceFile } from './atomic-file.ts'
import type { FileResourceConfig } from './config.ts'
import type { FileOwner } from './file-owner.ts'
import { underLock } from './lock.ts'
import { candidates, notReady } from './ready.ts'
import { type FileEnd, scanFile, stampOf } from './scan-file.ts'
import { StateLog } from './state-log.ts'

type DeltaConfig = Extract<FileResourceConfig['read'], { from: 'deltas' }>

/**
 * Minimum interval between checks for new files, milliseconds; reads may be that much older than the folder.
 */
export const scanEveryMs = 500
const lockWaitMs = 10_000

/** See the top of the file. */
export class Deltas {
  readonly log: StateLog
  readonly #owner: FileOwner
  readonly #config: DeltaConfig
  #scannedAt = Number.NEGATIVE_INFINITY
  #going: Promise<void> | undefined
  /** Why the next file in the order can't be ingested. */
  #stuck: string | undefined

  constructor(owner: FileOwner, config: DeltaConfig) {
    this.#owner = owner
    this.#config = config
    this.log = new StateLog(owner)
  }

  /** Ingests all files that are ready. Concurrent callers share one check. */
  async takeIn(now: 'at once' | 'soon'): Promise<void> {
    const isFresh = performance.now() - this.#scannedAt < scanEveryMs
    if (now === 'soon' && isFresh && this.#going === undefined) return
    this.#going ??= this.#scan().finally(() => {
      this.#going = undefined
    })
    await this.#going
  }

  async #scan(): Promise<void> {
    await this.#owner.folder.place()
    const waiting = await candidates(this.#owner, this.#config.files)
    const lock = `.isthmus/${this.#owner.resource}.lock`
    const hasLog = await this.log.exists()
    // An empty mount point has neither: records missing from it were not deleted.
    if (!hasLog && !(await this.#owner.folder.hasDirectoryOf(this.#config.files))) {
      throw new IsthmusError('FILE_NOT_READY', `There is no folder for ${this.#config.files}.`)
    }
    if (waiting.length > 0 || !hasLog) {
      await underLock(this.#owner.folder, lock, lockWaitMs, () => this.#takeAll())
    } else {
      await this.log.refresh()
    }
    this.#scannedAt = performance.now()
  }

  async #takeAll(): Promise<void> {
    if (!(await this.log.exists())) await this.log.begin(await this.#hasTakenBefore())
    await this.log.refresh()
    this.#stuck = undefined
    // Checked again: another process may have ingested them in the meantime.
    for (const file of await candidates(this.#owner, this.#config.files)) {
      // The order of changes is the order of names: an incomplete file blocks those after it.
      if ((await notReady(this.#owner, file)) !== undefined) break
      if (!(await this.#take(file.name))) break
    }
    await this.log.compact()
  }

  /** Whether there was a log before: files that it ingested are in the archive. */
  async #hasTakenBefore(): Promise<boolean> {
    const { archive, files } = this.#config
    return (await this.#owner.folder.find(`${archive}/${path.basename(files)}*`)).length > 0
  }

  /** Returns false for a file that turned out to be incomplete. */
  async #take(name: string): Promise<boolean> {
    // Read to its end first, so that nothing is ingested from a file that is still being written.
    const whole = await this.#scanned(name)
    this.#stuck = whole.unfinished ?? (whole.damaged.length > 0 ? undefined : whole.doubt)
    if (this.#stuck !== undefined) return false
    let end: FileEnd | undefined
    const changes = this.#changes(name, (verdict) => {
      end = verdict
    })
    await this.log.append(changes, name)
    // Another file with the same name is ingested by the next check, whatever part of it is already in the
    // log.
    const isSame = end !== undefined && end.unfinished === undefined && end.stamp === whole.stamp
    if (isSame && (await this.#archive(name, whole))) return true
    this.#stuck = `${name} was replaced while it was read`
    return false
  }

  async #scanned(name: string): Promise<FileEnd> {
    const rows = scanFile(this.#owner, name)
    for (;;) {
      const next = await rows.next()
      if (next.done === true) return next.value
    }
  }

  async *#changes(
    name: string,
    onEnd: (end: FileEnd) => void,
  ): AsyncGenerator<{ readonly nativeId: string; readonly native: NativeRecord | undefined }> {
    const { operation, deletes } = this.#config
    const rows = scanFile(this.#owner, name)
    for (;;) {
      const next = await rows.next()
      if (next.done === true) return onEnd(next.value)
      const { nativeId, native } = next.value
      const word = operation === undefined ? undefined : textAt(native, [operation])
      yield { nativeId, native: word !== undefined && deletes.includes(word) ? undefined : native }
    }
  }

  /** Returns false, and leaves it in place, when another file has appeared with that name. */
  async #archive(name: string, end: FileEnd): Promise<boolean> {
    const { folder, config } = this.#owner
    const target = await this.#archivedName(name, end)
    if (end.damaged.length > 0) {
      await replaceFile(folder, `${target}.txt`, (file) => file.writeFile(`${end.damaged.join('\n')}\n`))
    }
    await folder.move(name, target)
    const moved = await folder.stat(target)
    if (moved !== undefined && stampOf(moved) !== end.stamp) {
      if ((await folder.stat(name)) === undefined) await folder.move(target, name)
      return false
    }
    if (config.ready.by === 'marker') await folder.remove(name + config.ready.suffix)
    return true
  }

  /** An existing name is not overwritten: both files may be needed. */
  async #archivedName(name: string, { damaged }: FileEnd): Promise<string> {
    const base = `${this.#config.archive}/${path.basename(name)}`
    const suffix = damaged.length > 0 ? '.damaged' : ''
    const isTaken = (await this.#owner.folder.stat(base + suffix)) !== undefined
    return isTaken ? `${base}.${this.#owner.clock.now()}${suffix}` : base + suffix
  }

  /** Why not every record is known; undefined when all are. */
  async doubt(): Promise<string | undefined> {
    if (this.#stuck !== undefined) return this.#stuck
    if (this.log.isIncomplete) {
      return `${this.log.name} was lost: put the files of ${this.#config.archive} back and remove it, so that all are processed again`
    }
    const { folder } = this.#owner
    const [damaged] = await folder.find(`${this.#config.archive}/*.damaged`)
    if (damaged === undefined) return undefined
    return `${path.basename(damaged.name, '.damaged')} has rows that can't be read; see ${damaged.name}.txt`
  }

  /**
   * Ends a feed that has nothing new while something is damaged, so that the damage is reported. @throws
   * IsthmusError FILE_DAMAGED
   */
  async assertWhole(): Promise<void> {
    const doubt = await this.doubt()
    if (doubt !== undefined) throw new IsthmusError('FILE_DAMAGED', `${doubt}.`)
  }
}
