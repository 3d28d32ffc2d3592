import { countCodePoints } from '../canonical/text.ts'
import { unescapeHtml } from '../normalisers/html.ts'
import { collapse, digits, lowercase, newlines, nfkc, phone, uppercase } from '../normalisers/text.ts'
import type { CoercionName } from './names.ts'

/**
 * Texts longer than this are compared by single steps only: all combinations would take too long for a large
 * text.
 */
const combinedLengthMax = 20_000

type Step = readonly [CoercionName | undefined, (text: string) => string]

const same: Step = [undefined, (text) => text]

/** The steps that a system may apply, by kind; the first of each kind is "nothing". */
const kinds: readonly (readonly Step[])[] = [
  [same, ['newlines', newlines]],
  [same, ['unicode', nfkc]],
  [
    same,
    ['whitespace', (text) => text.trim()],
    ['whitespace', (text) => text.trimEnd()],
    ['whitespace', collapse],
  ],
  [same, ['case', uppercase], ['case', lowercase], ['case', titleCase]],
]

/** Explains a stored text as a poorer form of the sent one, by as few steps as possible. */
export function recogniseText(
  sent: string,
  stored: string,
  format: 'email' | 'phone' | 'uri' | undefined,
): readonly CoercionName[] | undefined {
  if (format === 'email' && lowercase(sent.trim()) === stored) return ['email']
  if (isSamePhone(sent, stored, format)) return ['phone']
  const plans = sent.length > combinedLengthMax ? singlePlans : allPlans
  return findPlan(sent, stored, plans, false) ?? findPlan(sent, stored, plans, true)
}

/**
 * Looks for steps after which the texts are equal, or (`cut`) the stored one is a plausible prefix of the
 * sent one.
 */
function findPlan(
  sent: string,
  stored: string,
  plans: readonly (readonly Step[])[],
  cut: boolean,
): readonly CoercionName[] | undefined {
  const plain = unescapeHtml(stored)
  for (const plan of plans) {
    const changed = plan.reduce((text, [, step]) => step(text), sent)
    const names = plan.map(([name]) => name).filter((name) => name !== undefined)
    if (cut) {
      if (isPlausibleCut(changed, stored)) return [...names, 'truncation']
      continue
    }
    if (changed === stored) return names
    if (isSameButEscaped(changed, stored, plain)) return [...names, 'html']
  }
  return undefined
}

/** Escaped or unescaped, but only as a whole: `&lt;` beside `<` is an edit. */
function isSameButEscaped(sent: string, stored: string, plain: string): boolean {
  const sentPlain = unescapeHtml(sent)
  if (sentPlain === stored) return true
  return plain === sentPlain && plain !== stored && !/[<>]/.test(stored)
}

/**
 * True when a text may be the part of a longer one that fits a column: most of it, or at least as much as the
 * narrowest columns keep. `""` and `"J"` are not truncations of a long name but edits.
 */
function isPlausibleCut(sent: string, stored: string): boolean {
  const kept = stored.replace(/(?:\.\.\.|…)$/, '')
  if (kept === '' || kept.length >= sent.length || !sent.startsWith(kept)) return false
  const length = countCodePoints(kept)
  return length >= 8 || (length >= 2 && length * 2 >= countCodePoints(sent))
}

/** The same number in another format: `+49 170 1234567`, `0049170-1234567`. */
function isSamePhone(sent: string, stored: string, format: string | undefined): boolean {
  const looksLike = /^[\d\s()+./-]{7,40}$/
  if (format !== 'phone' && !(/^\s*(?:\+|00|\()/.test(sent) && looksLike.test(sent))) return false
  if (!looksLike.test(sent) || !looksLike.test(stored)) return false
  const [from, to] = [phone(sent), phone(stored)]
  if (from === to) return true
  // National form: the country code is removed or added, together with the trunk zero.
  return format === 'phone' && isNational(digits(from), digits(to))
}

function isNational(left: string, right: string): boolean {
  const [longer, shorter] = [left, right]
    .map((number) => number.replace(/^0+/, ''))
    .sort((one, other) => other.length - one.length)
  if (longer === undefined || shorter === undefined || shorter.length < 7) return false
  return longer.endsWith(shorter) && longer.length - shorter.length <= 3
}

function titleCase(text: string): string {
  return lowercase(text).replace(
    /(^|[\s-])(\p{Ll})/gu,
    (_, before: string, letter: string) => before + letter.toUpperCase(),
  )
}

/** Every combination, the shortest explanations first. */
const allPlans: readonly (readonly Step[])[] = kinds
  .reduce<Step[][]>((plans, steps) => plans.flatMap((plan) => steps.map((step) => [...plan, step])), [[]])
  .sort((left, right) => stepsTaken(left) - stepsTaken(right))

const singlePlans = allPlans.filter((plan) => stepsTaken(plan) <= 1)

function stepsTaken(plan: readonly Step[]): number {
  return plan.filter(([name]) => name !== undefined).length
}
