/**
 * A system's message about a refusal, made safe to keep in a failure: it is the most helpful part, but often
 * quotes the record.
 */
import { isLosslessNumber } from '../../http/json.ts'

const wordsMax = 300
/** Number of scalars of the sent record that are searched for. */
const valuesMax = 200
const depthMax = 6
/** Shorter values match ordinary words of a sentence. */
const valueMin = 3

/**
 * Returns the message on one line, bounded, without the values that were sent and without anything that
 * resembles personal data (addresses, long numbers). Undefined when there is none.
 */
export function quotedWords(words: string | undefined, sent: unknown): string | undefined {
  if (words === undefined) return undefined
  // Truncated before anything is searched: a page of text is not a message.
  let text = words.slice(0, 4 * wordsMax).replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
  for (const value of scalarsOf(sent)) text = text.replaceAll(value, '…')
  text = text
    .replaceAll(/[^\s@"'<>()=,;:]{1,80}@[^\s@"'<>()=,;:]{1,120}/g, '…')
    .replaceAll(/\d[\d .-]{5,}\d/g, '…')
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  return trimmed.length > wordsMax ? `${trimmed.slice(0, wordsMax - 1)}…` : trimmed
}

/** The longest first, so that no part of a longer value remains. */
function scalarsOf(sent: unknown): readonly string[] {
  const found = new Set<string>()
  collect(sent, found, 0)
  return [...found].toSorted((one, other) => other.length - one.length)
}

function collect(value: unknown, found: Set<string>, depth: number): void {
  if (found.size >= valuesMax || depth > depthMax) return
  if (typeof value === 'string' || typeof value === 'number' || isLosslessNumber(value)) {
    const text = value.toString().trim()
    if (text.length >= valueMin) found.add(text)
  } else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) collect(inner, found, depth + 1)
  }
}
