/**
 * Escapes external text for PostgreSQL and back. The server accepts neither U+0000 nor lone surrogates; a
 * native id or a message that contains one must not fail a whole batch, nor become equal to another. Such
 * characters, and the escape itself, are written as U+001A and four hexadecimal digits.
 */
const marker = String.fromCharCode(0x1a)
/** With the `u` flag only lone surrogates match the last range: pairs are one character. */
const unfit = new RegExp(`[${String.fromCharCode(0)}${marker}\\ud800-\\udfff]`, 'u')
const everyUnfit = new RegExp(unfit.source, 'gu')
const everyEscape = new RegExp(`${marker}([0-9a-f]{4})`, 'g')

export function toText(value: string): string
export function toText(value: string | null | undefined): string | null
export function toText(value: string | null | undefined): string | null {
  if (value === undefined || value === null) return null
  return unfit.test(value) ? value.replace(everyUnfit, escaped) : value
}

export function fromText(value: string): string {
  if (!value.includes(marker)) return value
  return value.replace(everyEscape, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
}

function escaped(character: string): string {
  return `${marker}${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
