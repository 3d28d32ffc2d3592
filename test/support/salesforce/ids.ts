/** Record ids in Salesforce's format: 3 characters for the object, 12 that count up, 3 that encode the case of the other 15. */

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const suffixes = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'

/** The id number `count` of objects with this prefix, 18 characters. Ids of one prefix ascend by characters as `count` does. */
export function makeId(prefix: string, count: number): string {
  let rest = count
  let text = ''
  while (text.length < 12) {
    text = digits.charAt(rest % digits.length) + text
    rest = Math.floor(rest / digits.length)
  }
  return toEighteen(`${prefix}${text}`)
}

/** 15 characters are case-sensitive; the suffix makes them safe where case is lost. Texts of another length are returned unchanged. */
export function toEighteen(id: string): string {
  if (id.length !== 15) return id
  const suffix = [0, 5, 10].map((start) => {
    const bits = [...id.slice(start, start + 5)].map((one) => Number(one >= 'A' && one <= 'Z'))
    return suffixes.charAt(bits.reduce((sum, bit, index) => sum + (bit << index), 0))
  })
  return id + suffix.join('')
}

/** True when the text has the form of an id, including its suffix. */
export function isId(text: string): boolean {
  if (!/^[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?$/.test(text)) return false
  return text.length === 15 || toEighteen(text.slice(0, 15)) === text
}
