/** Dates of cookies: the lenient format of RFC 6265, 5.1.1. */

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const delimiters = /[\t\u0020-\u002f;-@[-`{-~]+/

/** Longer texts are not dates. */
const lengthMax = 200

/**
 * Returns the epoch ms; undefined for a text that is not a date, which is to be ignored. Two-digit years are
 * 1970 to 2069.
 */
export function parseCookieDate(text: string): number | undefined {
  if (text.length > lengthMax) return undefined
  let time: readonly number[] | undefined
  let day: number | undefined
  let month: number | undefined
  let year: number | undefined
  for (const token of text.split(delimiters)) {
    const clock = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D|$)/.exec(token)
    const named = months.indexOf(token.slice(0, 3).toLowerCase())
    if (time === undefined && clock !== null) time = clock.slice(1).map(Number)
    else if (day === undefined && /^\d{1,2}(?:\D|$)/.test(token)) day = Number.parseInt(token, 10)
    else if (month === undefined && named !== -1) month = named
    else if (year === undefined && /^\d{2,4}(?:\D|$)/.test(token))
      year = wholeYear(Number.parseInt(token, 10))
  }
  if (time === undefined || day === undefined || month === undefined || year === undefined) return undefined
  const [hour = 24, minute = 60, second = 60] = time
  if (year < 1601 || hour > 23 || minute > 59 || second > 59) return undefined
  const ms = Date.UTC(year, month, day, hour, minute, second)
  // Date.UTC turns 31 February into a day of March.
  return new Date(ms).getUTCDate() === day ? ms : undefined
}

function wholeYear(year: number): number {
  if (year >= 100) return year
  return year >= 70 ? 1900 + year : 2000 + year
}
