/**
 * A file of anchors: one line of JSON for each time, with the ends of the streams that had grown. It belongs on
 * other storage than the database: whoever can change both can hide what he removed.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { IsthmusError } from '../../model/errors.ts'
import type { AnchoredHead, HeadsSince } from '../../store/audit-contract.ts'

/** A line of the file. */
interface AnchorLine extends HeadsSince {
  readonly at: number
}

/** What a file of anchors says. */
export interface Anchors {
  /** The last known end of each stream. */
  readonly heads: readonly AnchoredHead[]
  readonly upTo: HeadsSince['upTo']
  /** Time of the last anchor. */
  readonly at?: number
}

/** Appends one anchor. It is on the storage when the promise resolves. */
export async function appendAnchor(file: string, at: number, { heads, upTo }: HeadsSince): Promise<void> {
  mkdirSync(dirname(file), { recursive: true })
  const handle = await open(file, 'a', 0o600)
  try {
    // One write: processes that append at the same time don't mix their lines.
    await handle.write(`${JSON.stringify({ at, upTo, heads })}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Reads the anchors. A last line that a crash has cut off is left out.
 *
 * @throws ANCHOR_UNREADABLE
 */
export function readAnchors(file: string): Anchors {
  const text = readText(file)
  const heads = new Map<string, AnchoredHead>()
  let last: AnchorLine | undefined
  for (const [index, line] of text.split('\n').slice(0, -1).entries()) {
    last = parseLine(file, line, index + 1)
    for (const head of last.heads) {
      const key = `${head.chain}/${head.stream}`
      if ((heads.get(key)?.position ?? 0) < head.position) heads.set(key, head)
    }
  }
  if (last === undefined) return { heads: [], upTo: { journal: 0, audit: 0 } }
  return { heads: [...heads.values()], upTo: last.upTo, at: last.at }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw new IsthmusError('ANCHOR_UNREADABLE', `${file} could not be read`, { cause: error })
  }
}

function parseLine(file: string, line: string, number: number): AnchorLine {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    value = undefined
  }
  if (isLine(value)) return value
  throw new IsthmusError('ANCHOR_UNREADABLE', `line ${number} of ${file} is not an anchor`)
}

function isLine(value: unknown): value is AnchorLine {
  if (!hasKeys(value, ['at', 'upTo', 'heads'])) return false
  const { at, upTo, heads } = value
  if (!Number.isInteger(at) || !hasKeys(upTo, ['journal', 'audit']) || !Array.isArray(heads)) return false
  if (!Number.isInteger(upTo.journal) || !Number.isInteger(upTo.audit)) return false
  return heads.every(isHead)
}

function isHead(value: unknown): value is AnchoredHead {
  if (!hasKeys(value, ['chain', 'stream', 'position', 'hash'])) return false
  const { chain, stream, position, hash } = value
  const isChain = chain === 'journal' || chain === 'audit'
  return isChain && typeof stream === 'string' && Number.isInteger(position) && typeof hash === 'string'
}

function hasKeys<Key extends string>(value: unknown, keys: readonly Key[]): value is Record<Key, unknown> {
  return typeof value === 'object' && value !== null && keys.every((key) => Object.hasOwn(value, key))
}
