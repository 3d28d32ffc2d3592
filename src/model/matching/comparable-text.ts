/** Folds different spellings of the same thing into one. */

/** Legal forms at the end or beginning of company names: they distinguish little and are often omitted. */
const legalForms: ReadonlySet<string> = new Set(
  'ab ag as bv co corp corporation company gmbh inc incorporated kg limited llc llp ltd nv oy plc pty sa sarl sas se spa srl'.split(
    ' ',
  ),
)

/** Letters without an accent to strip that have two spellings. */
const letters: ReadonlyMap<string, string> = new Map([
  ['ß', 'ss'],
  ['æ', 'ae'],
  ['œ', 'oe'],
  ['ø', 'o'],
  ['ł', 'l'],
  ['đ', 'd'],
])

/**
 * The words of a text: lower case, without accents and punctuation. Dots and apostrophes inside a word join
 * it (`e.V.` is `ev`).
 */
export function wordsOf(text: string): readonly string[] {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\p{M}.'’]/gu, '')
    .replace(/[ßæœøłđ]/gu, (letter) => letters.get(letter) ?? letter)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}

/** The distinctive words: without legal forms such as `Ltd` or `GmbH`, unless nothing else would be left. */
export function distinctiveWords(text: string): readonly string[] {
  const words = wordsOf(text)
  const telling = words.filter((word) => !legalForms.has(word))
  return telling.length === 0 ? words : telling
}

/**
 * Returns a common spelling: `Müller & Söhne GmbH` and `MULLER SOHNE` are the same. Empty when nothing
 * comparable is left.
 */
export function comparableText(text: string): string {
  return distinctiveWords(text).join(' ')
}
