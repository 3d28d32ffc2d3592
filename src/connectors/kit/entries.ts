/**
 * Reads the entries of a page one by one: an entry that is not a record affects only itself, never its page.
 */
import { isIsthmusError } from '../../model/errors.ts'

/** Entries that can't be read; since they have no id, there is nothing to look up either. */
export interface UnreadableEntries {
  /** How many. */
  readonly count: number
  /** Problem of the first of them, without values. */
  readonly problem: string
}

/** Contents of a page. */
export interface ReadEntries<Entry> {
  /** The readable entries, in order. */
  readonly records: readonly Entry[]
  /** The unreadable entries. @default none */
  readonly unreadable?: UnreadableEntries
}

/**
 * Reads each entry. `read` throws for an unusable one; any other error it throws is the connector's own and
 * ends the page.
 */
export function readEach<Value, Entry>(
  values: readonly Value[],
  read: (value: Value, index: number) => Entry,
): ReadEntries<Entry> {
  const records: Entry[] = []
  let count = 0
  let problem = ''
  for (const [index, value] of values.entries()) {
    try {
      records.push(read(value, index))
    } catch (error) {
      if (!isIsthmusError(error)) throw error
      if (count === 0) problem = error.message
      count += 1
    }
  }
  return { records, ...(count === 0 ? {} : { unreadable: { count, problem } }) }
}

/** Combines both. */
export function addUnreadable(
  one: UnreadableEntries | undefined,
  other: UnreadableEntries | undefined,
): UnreadableEntries | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return { count: one.count + other.count, problem: one.problem }
}

/** Describes unreadable entries, for reasons and logs. */
export function wordsOfUnreadable({ count, problem }: UnreadableEntries): string {
  return `${count} ${count === 1 ? 'entry' : 'entries'} of the response can't be read: ${problem}`
}
