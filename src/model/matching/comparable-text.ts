/** Spellings that people and systems use for the same thing, folded into one. */

/** Legal forms of companies as they end or begin a name: they tell little and are left out as often as not. */
const legalForms: ReadonlySet<string> = new Set(
  'ab ag as bv co corp corporation company gmbh inc incorporated kg limited llc llp ltd nv oy plc pty sa sarl sas se spa srl'.split(
    ' ',
  ),
)

/** Letters that carry no accent to strip but are written in two ways. */
const letters: ReadonlyMap<string, string> = new Map([
  ['ß', 'ss'],
  ['æ', 'ae'],
  ['œ', 'oe'],
  ['ø', 'o'],
  ['ł', 'l'],
  ['đ', 'd'],
])

/** The words of a text: lower case, without accents and punctuation. Dots and apostrophes inside a word join it (`e.V.` is `ev`). */
export function wordsOf(text: string): readonly string[] {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\p{M}.'’]/gu, '')
    .replace(/[ßæœøłđ]/gu, (letter) => letters.get(letter) ?? letter)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}

/**
 * The words that tell one thing from another: without legal forms such as `Ltd` or `GmbH`, unless nothing else would be left.
 */
export function distinctiveWords(text: string): readonly string[] {
  const words = wordsOf(text)
  const telling = words.filter((word) => !legalForms.has(word))
  return telling.length === 0 ? words : telling
}

/** One spelling for all: `Müller & Söhne GmbH` and `MULLER SOHNE` are the same. Empty when nothing comparable is left. */
export function comparableText(text: string): string {
  return distinctiveWords(text).join(' ')
}
