/**
 * A lock that other programs can take too: a file that is created only if it does not exist.
 *
 * Its holder touches it every few seconds. A lock that was not touched for a minute belongs to a dead process
 * and is removed.
 */
import { randomBytes } from 'node:crypto'
import { utimes } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { IsthmusError } from '../../model/errors.ts'
import type { Folder } from './folder.ts'

const touchEveryMs = 5_000
const staleMs = 60_000
const pollMs = 25

/**
 * Runs work under a lock; the work can check whether it still holds it. @throws IsthmusError FILE_LOCKED when
 * it was not acquired in time, and the errors of the work
 */
export async function underLock<T>(
  folder: Folder,
  name: string,
  waitMs: number,
  work: (isHeld: () => Promise<boolean>) => Promise<T>,
): Promise<T> {
  const until = performance.now() + waitMs
  const token = `${process.pid} ${randomBytes(12).toString('hex')}\n`
  while (!(await taken(folder, name, token))) {
    if (performance.now() > until) {
      throw new IsthmusError('FILE_LOCKED', `${name} is locked by another program.`)
    }
    await sleep(pollMs)
  }
  const full = await folder.pathOf(name)
  const touch = setInterval(() => {
    const now = new Date()
    utimes(full, now, now).catch(() => undefined)
  }, touchEveryMs)
  const isHeld = async (): Promise<boolean> => (await holderOf(folder, name)) === token
  try {
    return await work(isHeld)
  } finally {
    clearInterval(touch)
    // A holder that was suspended for a minute has lost it to another one.
    if (await isHeld()) await folder.remove(name)
  }
}

async function holderOf(folder: Folder, name: string): Promise<string | undefined> {
  try {
    const file = await folder.openFile(name)
    try {
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch {
    return undefined // absent or unreadable: not ours either way
  }
}

async function taken(folder: Folder, name: string, token: string): Promise<boolean> {
  try {
    const file = await folder.createFile(name)
    await file.writeFile(token).finally(() => file.close())
    return true
  } catch (problem) {
    const exists = problem instanceof Error && 'code' in problem && problem.code === 'EEXIST'
    if (!exists) throw problem
    const stats = await folder.stat(name)
    // Moved away first: of several that find it stale, one succeeds, and none removes the lock that the next
    // one took.
    if (stats !== undefined && Date.now() - stats.mtimeMs > staleMs) {
      const aside = `${name}.${randomBytes(6).toString('hex')}`
      await folder.move(name, aside).catch(() => undefined)
      await folder.remove(aside)
    }
    return false
  }
}
