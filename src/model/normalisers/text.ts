/** Normalisers of text. Each is idempotent: what it returns, it returns unchanged. */

export type TextNormaliser = (text: string) => string

export function trim(text: string): string {
  return text.trim()
}

/** Runs of white space become one blank, and none is left at the ends. */
export function collapse(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** The invariant lower case, never a locale's: the dotless i of one machine is not the one of another. */
export function lowercase(text: string): string {
  return text.toLowerCase().normalize('NFC')
}

export function uppercase(text: string): string {
  return text.toUpperCase().normalize('NFC')
}

export function nfc(text: string): string {
  return text.normalize('NFC')
}

/** Compatibility form: full-width letters, ligatures and superscripts become plain ones. */
export function nfkc(text: string): string {
  return text.normalize('NFKC')
}

/** Line ends of Windows and old Macs become single line feeds. */
export function newlines(text: string): string {
  return text.replace(/\r\n?/g, '\n')
}

/** Keeps the digits 0 to 9 only. */
export function digits(text: string): string {
  return text.replace(/[^0-9]+/g, '')
}

/**
 * Lower case without blanks around. The part before the @ is case-sensitive on paper only: no large provider tells `Ann` from `ann`.
 */
export function email(text: string): string {
  return lowercase(text.trim())
}

/** `+` and digits, as far as that can be told without knowing the country: `0049 (170) 12-34` becomes `+491701234`. */
export function phone(text: string): string {
  const international = /^\s*\(?\s*(?:\+|00(?=\s*[1-9]))/.test(text)
  const significant = digits(text.replace(/\(0\)/g, ''))
  if (!international) return significant
  return `+${significant.replace(/^00(?=[1-9])/, '')}`
}

/** Upper case without blanks and hyphens: `sw1a-1aa` and `SW1A 1AA` are one place. */
export function postalCode(text: string): string {
  return uppercase(text).replace(/[\s-]+/g, '')
}

/** At most so many code points; a pair of surrogates is never split. */
export function cutText(text: string, length: number): string {
  // A code point takes one or two units, so that short texts need no counting.
  if (text.length <= length) return text
  let end = 0
  let count = 0
  for (const character of text) {
    if (count === length) return text.slice(0, end)
    end += character.length
    count += 1
  }
  return text
}
