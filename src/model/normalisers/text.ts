/** Normalisers of text. Each is idempotent. */

export type TextNormaliser = (text: string) => string

export function trim(text: string): string {
  return text.trim()
}

/** Collapses runs of white space into one space and trims the text. */
export function collapse(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** Locale-independent lower case: rules such as that for the dotless i differ between machines. */
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

/** Converts line ends of Windows and old Macs into line feeds. */
export function newlines(text: string): string {
  return text.replace(/\r\n?/g, '\n')
}

/** Keeps the digits 0 to 9 only. */
export function digits(text: string): string {
  return text.replace(/[^0-9]+/g, '')
}

/**
 * Lower case without surrounding white space. The part before the @ is case-sensitive only in theory: no
 * large provider distinguishes `Ann` from `ann`.
 */
export function email(text: string): string {
  return lowercase(text.trim())
}

/**
 * `+` and digits, as far as possible without knowing the country: `0049 (170) 12-34` becomes `+491701234`.
 */
export function phone(text: string): string {
  const international = /^\s*\(?\s*(?:\+|00(?=\s*[1-9]))/.test(text)
  const significant = digits(text.replace(/\(0\)/g, ''))
  if (!international) return significant
  return `+${significant.replace(/^00(?=[1-9])/, '')}`
}

/** Upper case without spaces and hyphens: `sw1a-1aa` and `SW1A 1AA` are the same. */
export function postalCode(text: string): string {
  return uppercase(text).replace(/[\s-]+/g, '')
}

/** At most this many code points; a surrogate pair is never split. */
export function cutText(text: string, length: number): string {
  // A code point takes one or two units, so short texts need no counting.
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
