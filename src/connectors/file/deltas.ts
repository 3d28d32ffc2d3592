/**
 * Change files: taken in one after the other by name, each whole, then moved to the archive.
 *
 * A file is first in the state log, durably, and moved after that: a crash in between takes it in once more, which changes nothing. A file
 * with damaged rows gives all its good ones and is archived as `….damaged`; as long as such a file lies there, some record is not known, and
 * nothing counts as complete.
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
import { type FileEnd, scanFile } from './scan-file.ts'
import { StateLog } from './state-log.ts'

type DeltaConfig = Extract<FileResourceConfig['read'], { from: 'deltas' }>

/** Looks for new files at most this often, milliseconds; reads may be that much older than the folder. */
export const lookEveryMs = 500
const lockWaitMs = 10_000

/** See the top of the file. */
export class Deltas {
  readonly log: StateLog
  readonly #owner: FileOwner
  readonly #config: DeltaConfig
  #lookedAt = Number.NEGATIVE_INFINITY
  #going: Promise<void> | undefined
  /** Why the next file in the order can't be taken in. */
  #stuck: string | undefined

  constructor(owner: FileOwner, config: DeltaConfig) {
    this.#owner = owner
    this.#config = config
    this.log = new StateLog(owner)
  }

  /** Takes in whatever is ready. Several callers share one look. */
  async takeIn(now: 'at once' | 'soon'): Promise<void> {
    const isFresh = performance.now() - this.#lookedAt < lookEveryMs
    if (now === 'soon' && isFresh && this.#going === undefined) return
    this.#going ??= this.#look().finally(() => {
      this.#going = undefined
    })
    await this.#going
  }

  async #look(): Promise<void> {
    await this.#owner.folder.place()
    const waiting = await candidates(this.#owner, this.#config.files)
    const lock = `.isthmus/${this.#owner.resource}.lock`
    if (waiting.length > 0 || this.log.end === 0) {
      await underLock(this.#owner.folder, lock, lockWaitMs, () => this.#takeAll())
    } else {
      await this.log.refresh()
    }
    this.#lookedAt = performance.now()
  }

  async #takeAll(): Promise<void> {
    await this.log.refresh()
    this.#stuck = undefined
    // Looked at again: another process may have taken them meanwhile.
    for (const file of await candidates(this.#owner, this.#config.files)) {
      // The order of changes is the order of names: a file that is not whole holds up those after it.
      if ((await notReady(this.#owner, file)) !== undefined) break
      if (!(await this.#take(file.name))) break
    }
    await this.log.compact()
  }

  /** Answers false for a file that turned out not to be whole. */
  async #take(name: string): Promise<boolean> {
    let end: FileEnd | undefined
    const changes = this.#changes(name, (verdict) => {
      end = verdict
    })
    // Read to its end first, so that nothing is taken of a file that is still coming.
    this.#stuck = await this.#unfinished(name)
    if (this.#stuck !== undefined) return false
    await this.log.append(changes, name)
    await this.#archive(name, end)
    return true
  }

  /** Why a file is not whole; undefined when it is, damaged rows aside. */
  async #unfinished(name: string): Promise<string | undefined> {
    const rows = scanFile(this.#owner, name)
    for (;;) {
      const next = await rows.next()
      if (next.done === true) return next.value.damaged.length > 0 ? undefined : next.value.doubt
    }
  }

  async *#changes(
    name: string,
    onEnd: (end: FileEnd) => void,
  ): AsyncGenerator<{ readonly rid: string; readonly native: NativeRecord | undefined }> {
    const { operation, deletes } = this.#config
    const rows = scanFile(this.#owner, name)
    for (;;) {
      const next = await rows.next()
      if (next.done === true) return onEnd(next.value)
      const { rid, native } = next.value
      const word = operation === undefined ? undefined : textAt(native, [operation])
      yield { rid, native: word !== undefined && deletes.includes(word) ? undefined : native }
    }
  }

  async #archive(name: string, end: FileEnd | undefined): Promise<void> {
    const { archive } = this.#config
    const { folder, config } = this.#owner
    const base = path.basename(name)
    const isDamaged = end !== undefined && end.damaged.length > 0
    const target = `${archive}/${base}${isDamaged ? '.damaged' : ''}`
    if (isDamaged) {
      await replaceFile(folder, `${target}.txt`, (file) => file.writeFile(`${end.damaged.join('\n')}\n`))
    }
    // A name that was there before is not overwritten: both files may matter to somebody.
    const isTaken = (await folder.stat(target)) !== undefined
    await folder.move(name, isTaken ? `${target}.${this.#owner.clock.now()}` : target)
    if (config.ready.by === 'marker') await folder.remove(name + config.ready.suffix)
  }

  /** Why not every record is known; undefined when all are. */
  async doubt(): Promise<string | undefined> {
    if (this.#stuck !== undefined) return this.#stuck
    const { folder } = this.#owner
    const [damaged] = await folder.find(`${this.#config.archive}/*.damaged`)
    if (damaged === undefined) return undefined
    return `${path.basename(damaged.name, '.damaged')} has rows that can't be read; see ${damaged.name}.txt`
  }

  /** Ends a feed that has nothing new while something is damaged, so that somebody hears of it. @throws IsthmusError FILE_DAMAGED */
  async assertWhole(): Promise<void> {
    const doubt = await this.doubt()
    if (doubt !== undefined) throw new IsthmusError('FILE_DAMAGED', `${doubt}.`)
  }
}
