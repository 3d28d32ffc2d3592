/**
 * Finds numbers of payment cards (PANs) in a text: 13 to 19 digits, alone or in groups, that begin like those of a card network, have a length that it
 * uses, and a correct check digit (ISO/IEC 7812-1). Networks and lengths are those of `card-validator`.
 *
 * About one of thirty random numbers of 16 digits passes as well: a check digit excludes nine of ten, the ranges more than half of the rest.
 */
import validator from 'card-validator'

/** Where a number is in the text. */
export interface FoundCardNumber {
  /** Index of its first character. */
  readonly start: number
  /** Index after its last character. */
  readonly end: number
  readonly digits: string
}

const digitsMin = 13
const digitsMax = 19
/** Texts are searched up to this length; a longer one has no card number that a person or a form entered. */
const searchedMax = 1_000_000
/** Between groups of digits: a space, a hyphen, a dot, or a space in a URL. */
const separator = String.raw`(?:[ \u00a0\-.+]|%20)`
const digit = '[0-9]'
/** At least 13 digits in groups; letters or digits right beside it make it part of another identifier. */
const candidate = new RegExp(
  `(?<![0-9A-Za-z])${digit}(?:${separator}?${digit}){${digitsMin - 1},}(?![0-9A-Za-z])`,
  'g',
)
const groups = /[0-9]+/g
const fullWidth = /[\uff10-\uff19]/g
/** A word that may be base64 of at least 13 bytes. */
const encoded = /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{18,}={0,2}/g
const printable = /^[\t\n\r\x20-\x7e\u00a0-\uffff]*$/

/** Returns the numbers in the order of the text; they do not overlap. */
export function findCardNumbers(text: string): readonly FoundCardNumber[] {
  if (text.length < digitsMin || text.length > searchedMax) return []
  const plain = text.replace(fullWidth, (character) => String(character.charCodeAt(0) - 0xff10))
  const found = [...plain.matchAll(candidate)].flatMap((match) => inCandidate(match[0], match.index))
  return found.length > 0 ? found : inEncodedWords(plain)
}

/** A number consists of whole groups: digits inside a longer group are not one. */
function inCandidate(text: string, offset: number): FoundCardNumber[] {
  const parts = [...text.matchAll(groups)]
  const found: FoundCardNumber[] = []
  for (let first = 0; first < parts.length; ) {
    const last = lastGroup(parts, first)
    const [head, tail] = [parts[first], last === undefined ? undefined : parts[last]]
    if (head === undefined || tail === undefined || last === undefined) {
      first += 1
      continue
    }
    found.push({
      start: offset + head.index,
      end: offset + tail.index + tail[0].length,
      digits: joined(parts, first, last),
    })
    first = last + 1
  }
  return found
}

/** The last group of a number that begins with this one; of several the longest number. */
function lastGroup(parts: readonly RegExpExecArray[], first: number): number | undefined {
  let longest: number | undefined
  let digits = ''
  for (let last = first; last < parts.length && digits.length < digitsMax; last += 1) {
    digits += parts[last]?.[0] ?? ''
    if (isCardNumber(digits)) longest = last
  }
  return longest
}

function joined(parts: readonly RegExpExecArray[], first: number, last: number): string {
  return parts
    .slice(first, last + 1)
    .map(([digits]) => digits)
    .join('')
}

function isCardNumber(digits: string): boolean {
  if (digits.length < digitsMin || digits.length > digitsMax) return false
  // Ten equal digits and the like are placeholders, which forms and tests are full of.
  if (new Set(digits).size === 1) return false
  return validator.number(digits, { luhnValidateUnionPay: true }).isValid
}

/** The whole word counts: its decoded text has a number. */
function inEncodedWords(text: string): FoundCardNumber[] {
  return [...text.matchAll(encoded)].flatMap((match) => {
    const decoded = decodeBase64(match[0])
    const [inner] = decoded === undefined ? [] : findInPlain(decoded)
    if (inner === undefined) return []
    return [{ start: match.index, end: match.index + match[0].length, digits: inner.digits }]
  })
}

function findInPlain(text: string): FoundCardNumber[] {
  return [...text.matchAll(candidate)].flatMap((match) => inCandidate(match[0], match.index))
}

function decodeBase64(word: string): string | undefined {
  try {
    const decoded = atob(word.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, ''))
    return printable.test(decoded) ? decoded : undefined
  } catch {
    return undefined // not base64
  }
}
