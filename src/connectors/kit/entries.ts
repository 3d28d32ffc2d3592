/** Entries of a page, each read by itself: one that is no record costs itself, never its page. */
import { isIsthmusError } from '../../model/errors.ts'

/** Entries that can't be read, which nobody can look at: they have no id. */
export interface UnreadableEntries {
  /** How many. */
  readonly count: number
  /** What is wrong with the first of them, without values. */
  readonly problem: string
}

/** What a page holds. */
export interface ReadEntries<Entry> {
  /** Those that can be read, in their order. */
  readonly records: readonly Entry[]
  /** The others. @default none */
  readonly unreadable?: UnreadableEntries
}

/**
 * Reads each entry. `read` throws for one that can't be used; anything else that it throws is an error of the connector and ends the page.
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

/** Both together. */
export function addUnreadable(
  one: UnreadableEntries | undefined,
  other: UnreadableEntries | undefined,
): UnreadableEntries | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return { count: one.count + other.count, problem: one.problem }
}

/** In words, for reasons and logs. */
export function wordsOfUnreadable({ count, problem }: UnreadableEntries): string {
  return `${count} ${count === 1 ? 'entry' : 'entries'} of the response can't be read: ${problem}`
}
