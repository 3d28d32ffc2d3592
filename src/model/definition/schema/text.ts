/**
 * The short texts in a definition: names, durations, shares, cron expressions. Each has one format and one
 * parser.
 */

import { z } from 'zod'
import { durationPattern } from '../duration.ts'

/**
 * Names of inherited properties are refused, since a lookup by them would find something that isn't there.
 */
function isFree(name: string): boolean {
  return !(name in Object.prototype)
}

const reserved = { error: 'this name is reserved' }

/** A name that people choose: of a system, an entity or an integration. */
export const nameSchema = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]{0,62}$/, {
    error: 'expected a name of letters, digits and hyphens that starts with a letter, at most 63 long',
  })
  .refine(isFree, reserved)

/**
 * Id of an integration: it names a database schema and parts of addresses, so it is stricter than other
 * names.
 */
export const integrationIdSchema = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, {
  error: 'expected lower-case letters, digits and hyphens, starting with a letter, at most 63 long',
})

/** Name of a canonical field; it must be usable as a name in expressions. */
export const fieldNameSchema = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, {
    error:
      'expected a field name of letters, digits and underscores that starts with a letter, at most 63 long',
  })
  .refine(isFree, reserved)

const durationError = { error: 'expected a length of time such as 500ms, 30s, 5m, 2h or 7d' }

/** A length of time: `500ms`, `30s`, `5m`, `2h`, `7d`. */
export const durationSchema = z.string(durationError).regex(durationPattern, durationError)

const sharePattern = /^(\d{1,3}(?:\.\d{1,6})?)\s*%$/

const shareError = { error: 'expected a share such as 1 % or 0.5 %' }

/** A share of a whole: `1 %`, `0.5%`. */
export const shareSchema = z
  .string(shareError)
  .regex(sharePattern, shareError)
  .refine((text) => (parseShare(text) ?? 0) <= 1, { error: 'expected a share of at most 100 %' })

/** Share of a text such as `1 %` as a number from 0 to 1, or undefined when it isn't one. */
export function parseShare(text: string): number | undefined {
  const match = sharePattern.exec(text)
  return match === null ? undefined : Number(match[1]) / 100
}

/** A bound: `< 0.1 %`, `>= 99.9 %`, `< 5 s`. */
export const shareBoundSchema = z.string().regex(/^(<|<=|>|>=)\s*\d{1,3}(\.\d{1,6})?\s*%$/, {
  error: 'expected a bound such as "< 0.1 %" or ">= 99.9 %"',
})

/** A duration within limits. */
export const durationBoundSchema = z.string().regex(/^(<|<=)\s*\d{1,9}\s*(ms|s|m|h|d)$/, {
  error: 'expected a bound such as "< 5 s" or "<= 2 m"',
})

/** A cron expression of five fields. Its parts are checked by {@link cronProblem}. */
export const cronSchema = z
  .string()
  .superRefine((text, context) => {
    const problem = cronProblem(text)
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
  })
  .meta({ examples: ['0 3 * * 0', '*/15 6-20 * * MON-FRI'] })

const weekDays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const cronFields = [
  { name: 'minute', least: 0, most: 59, names: [] },
  { name: 'hour', least: 0, most: 23, names: [] },
  { name: 'day of the month', least: 1, most: 31, names: [] },
  { name: 'month', least: 1, most: 12, names: months },
  { name: 'day of the week', least: 0, most: 7, names: weekDays },
] as const

/** The problem of a cron expression of five fields; undefined when there is none. */
export function cronProblem(text: string): string | undefined {
  const parts = text.trim().split(/\s+/)
  if (parts.length !== cronFields.length)
    return `expected a cron expression of 5 fields (minute hour day month weekday), this has ${parts[0] === '' ? 0 : parts.length}`
  for (const [index, field] of cronFields.entries()) {
    const part = parts[index] ?? ''
    if (part.split(',').every((item) => isCronItem(item, field))) continue
    return `the ${field.name} "${part}" of the cron expression is not *, a value, a range or a step within ${field.least}-${field.most}`
  }
  return undefined
}

function isCronItem(item: string, field: (typeof cronFields)[number]): boolean {
  const [range = '', step, ...more] = item.split('/')
  if (more.length > 0 || (step !== undefined && !/^[1-9]\d?$/.test(step))) return false
  if (range === '*') return true
  const ends = range.split('-').map((end) => cronValue(end, field))
  const [first, last = first] = ends
  return ends.length <= 2 && first !== undefined && last !== undefined && first <= last
}

function cronValue(text: string, field: (typeof cronFields)[number]): number | undefined {
  const named = (field.names as readonly string[]).indexOf(text.toUpperCase())
  if (named >= 0) return named + field.least
  if (!/^\d{1,2}$/.test(text)) return undefined
  const value = Number(text)
  return value >= field.least && value <= field.most ? value : undefined
}
