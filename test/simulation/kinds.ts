/**
 * Kinds of circumstances that a seed may include in addition to those of every seed.
 *
 * Each kind has its own random source, so that adding one does not change the schedules of seeds without it. `--kinds a,b` selects exactly these for
 * every seed, `--kinds none` none, `--kinds all` includes those that are closed.
 */
import { Chance } from './chance.ts'

export const kindNames = [
  'double-entry',
  'slow-polls',
  'failing-polls',
  'other-record',
  'unversioned',
  'slow-pass',
  'merges',
  'lines',
  'defaults',
  'unstored',
  'scope',
  'new-mapping',
  'new-ids',
  'restores',
  'nested',
  'late-edits',
  'own-numbers',
  'bursts',
  'taking-turns',
  'small-guard',
  'same-code',
  'short-keys',
  'merge-chains',
  'rewriters',
  'late-effects',
  'stalls',
  'accepted',
  'new-buyers',
  'feeds-only',
  'handed-on',
] as const

export type Kind = (typeof kindNames)[number]
export type Kinds = ReadonlySet<Kind>

interface KindSettings {
  /** Share of the seeds that include it. */
  readonly share: number
  readonly what: string
  /** Why it is not in the default mix. */
  readonly closed?: string
}

export const kinds: Readonly<Record<Kind, KindSettings>> = {
  'double-entry': {
    share: 0.2,
    what: 'people enter the same thing in several systems, seconds to a minute apart',
  },
  'slow-polls': { share: 0.15, what: 'feeds are read once an hour, and webhooks are lost or there are none' },
  'failing-polls': { share: 0.15, what: 'feeds and lists fail for a long while' },
  'other-record': {
    share: 0.12,
    what: 'reads and answers of writes are about another record than the one asked for',
  },
  unversioned: {
    share: 0.12,
    what: 'no system has versions, reads show the present, and answers of writes say little',
  },
  'slow-pass': { share: 0.15, what: 'time passes between two lines of a pass' },
  merges: {
    share: 0.15,
    what: 'people merge records whose things are in other systems too',
  },
  lines: {
    share: 0.15,
    what: 'records have lists whose elements have properties that nobody mapped',
  },
  defaults: {
    share: 0.12,
    what: 'people leave texts empty, and a system fills what a create leaves out',
  },
  unstored: {
    share: 0.12,
    what: 'writes are answered like a success, and nothing was stored',
  },
  scope: { share: 0.12, what: 'a system holds records that are out of scope, and some enter and leave it' },
  'new-mapping': {
    share: 0.15,
    what: 'the definition changes between the lives of two processes',
  },
  'new-ids': {
    share: 0.12,
    what: 'systems give records other ids',
  },
  restores: { share: 0.12, what: 'people bring back what was deleted' },
  nested: { share: 0.15, what: 'mapped properties have unmapped neighbours in nested objects' },
  'late-edits': {
    share: 0.2,
    what: 'people edit settled records long after all faults',
  },
  'own-numbers': {
    share: 0.15,
    what: 'a system gives what is created there a number of its own, before it answers',
  },
  bursts: { share: 0.15, what: 'people save a settled record many times within a moment' },
  'taking-turns': { share: 0.12, what: 'people in two systems change the same text in turns, slowly' },
  'small-guard': { share: 0.12, what: 'the guard allows a few creates a day' },
  'same-code': { share: 0.12, what: 'people give a thing the number of another one' },
  'merge-chains': {
    share: 0.1,
    what: 'people merge a record into one that they merge on at once',
  },
  rewriters: {
    share: 0.05,
    what: 'every system rewrites what is written to it',
    closed: 'one seed in twenty has it anyway; mutants ask for it',
  },
  'late-effects': {
    share: 0.1,
    what: 'a third of the writes take effect long after their time limit',
    closed: 'every seed has some of it; mutants ask for more',
  },
  stalls: {
    share: 0.1,
    what: 'processes stall beyond their leases again and again',
    closed: 'every seed has some of it; mutants ask for more',
  },
  accepted: {
    share: 0.1,
    what: 'systems take updates and apply them later, and people edit the same text before they do',
  },
  'new-buyers': {
    share: 0.1,
    what: 'people give orders to customers that they have just entered',
    closed: 'every seed with orders has some of it; mutants ask for more',
  },
  'feeds-only': {
    share: 0.1,
    what: 'changes are told by feeds alone: no webhooks, and no full runs after the first ones',
    closed: 'what a feed can not tell stays unseen, which the judges take for a fault; mutants ask for it',
  },
  'handed-on': {
    share: 0.15,
    what: 'systems keep logins unique, and people hand them on and exchange them',
    closed:
      'a login that became free can wait for its next try, which is minutes away: about one of 150 seeds ends in that time',
  },
  'short-keys': { share: 0.12, what: 'systems forget the keys of creates within seconds' },
}

/** The kinds of a run: drawn by each seed, or exactly these for every seed. */
export type KindChoice = 'drawn' | Kinds

/** @throws RangeError for an unknown name */
export function kindsFrom(text: string): KindChoice {
  if (text === '') return 'drawn'
  if (text === 'none') return new Set()
  if (text === 'all') return new Set(kindNames)
  return new Set(
    text.split(',').map((name) => {
      const kind = kindNames.find((one) => one === name)
      if (kind === undefined) throw new RangeError(`no kind ${name}; there are ${kindNames.join(', ')}`)
      return kind
    }),
  )
}

/** The kinds of one seed. */
export function kindsOf(seed: number, choice: KindChoice): Kinds {
  if (choice !== 'drawn') return choice
  return new Set(
    kindNames.filter(
      (name) => kinds[name].closed === undefined && chanceOf(seed, name).of(kinds[name].share),
    ),
  )
}

/** The random source by which a kind decides about a seed; used for nothing else. */
export function chanceOf(seed: number, name: string): Chance {
  let salt = 0x9e37
  for (const letter of name) salt = (Math.imul(salt, 31) + letter.charCodeAt(0)) | 0
  return new Chance((seed * 7919 + salt) | 0)
}
