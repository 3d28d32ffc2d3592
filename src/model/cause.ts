/**
 * Why a record became due, and from that why a write was made. Marks that arrive while a record is due coalesce: the
 * first cause is the cause, the others are kept beside it until a pass ends clean.
 */

/** What a person did. */
export type PersonAction = 'sync' | 'retry' | 'conflict' | 'hold' | 'match' | 'merge'

/**
 * - `webhook` · `subscription` · `poll`: the system announced a change
 * - `run:<id>`: a full run found a difference; `first-load:<id>`: the first complete list of the place
 * - `person:<action>`
 * - `definition`: the mapping changed, or the record has to be placed in a new system
 * - `record`: another record did something that concerns this one
 * - `engine`: anything else that Isthmus has to look at, such as a hit of a search before a create
 */
export type Cause =
  | 'webhook'
  | 'subscription'
  | 'poll'
  | `run:${string}`
  | `first-load:${string}`
  | `person:${PersonAction}`
  | 'definition'
  | 'record'
  | 'engine'

/** Causes that are kept for one record; more of them would explain no better. */
export const causesMax = 8

/** Adds causes to those that are known, in the order of their arrival. */
export function addCauses(known: readonly string[], more: readonly string[]): readonly string[] {
  return [...new Set([...known, ...more])].slice(0, causesMax)
}

const words: ReadonlyMap<string, string> = new Map([
  ['webhook', 'webhook'],
  ['subscription', 'subscription'],
  ['poll', 'poll'],
  ['definition', 'changed definition'],
  ['record', 'another record'],
  ['engine', 'check by Isthmus'],
  ['person:sync', 'sync by a person'],
  ['person:retry', 'retry by a person'],
  ['person:conflict', 'decided conflict'],
  ['person:hold', 'decided hold'],
  ['person:match', 'decided match'],
  ['person:merge', 'merge by a person'],
])

/** Describes a cause, also one that a newer version has stored. */
export function describeCause(cause: string): string {
  const [kind, detail] = cause.split(':')
  if (kind === 'run' && detail !== undefined) return `full run ${detail}`
  if (kind === 'first-load' && detail !== undefined) return `first load ${detail}`
  return words.get(cause) ?? cause
}
