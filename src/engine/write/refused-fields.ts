/**
 * The fields that a refusal names.
 *
 * Systems name fields in their own terms and notations: `Tier__c`, `/data/attributes/tier`, `input.tier`,
 * `lines[0].sku`, `Email` for `email`. They are compared with the paths of the mapping, so that the rest of
 * the write can be sent without them. A name that matches nothing is ignored.
 */
import type { EntitySystem, SystemField } from '../../model/integration.ts'
import type { PlannedWrite } from '../../model/merge/contract.ts'

/**
 * Maximum number of steps before the record itself: `input`, `data.attributes`, `body`, the name of a
 * variable.
 */
const wrapperStepsMax = 3
const namesMax = 50

/** Returns the fields of this write that the refusal names; empty when it names none of them. */
export function namedFields(
  part: EntitySystem,
  planned: PlannedWrite,
  names: readonly string[],
): readonly string[] {
  const candidates = Object.keys(planned.revs).map((name) => ({ name, paths: pathsOf(part, name) }))
  const found = new Set<string>()
  for (const steps of names.slice(0, namesMax).map(stepsOf)) {
    for (const name of fieldsAt(candidates, steps)) found.add(name)
  }
  return [...found]
}

interface Candidate {
  readonly name: string
  readonly paths: readonly (readonly string[])[]
}

function pathsOf(part: EntitySystem, name: string): readonly (readonly string[])[] {
  const native: SystemField['native'] = part.fields.get(name)?.native
  const paths = (native?.paths ?? []).map((path) => path.map(spelling).filter((step) => step !== ''))
  // A mapping by functions names no path; the field's own name is used instead.
  return paths.length === 0 ? [[spelling(name)]] : paths
}

/**
 * Full paths take precedence: `address` within a wrapper must not match before a field `city` that `city`
 * names.
 */
function fieldsAt(candidates: readonly Candidate[], steps: readonly string[]): readonly string[] {
  for (let skip = 0; skip <= wrapperStepsMax && skip < steps.length; skip += 1) {
    const rest = steps.slice(skip)
    const hits = candidates.filter(({ paths }) => paths.some((path) => isWithin(path, rest)))
    if (hits.length > 0) return hits.map(({ name }) => name)
  }
  return []
}

/**
 * One path contains the other: a refused object refuses its content, and a refused part refuses the field
 * that contains it.
 */
function isWithin(path: readonly string[], named: readonly string[]): boolean {
  const length = Math.min(path.length, named.length)
  return length > 0 && path.slice(0, length).every((step, index) => step === named[index])
}

/** Splits `/data/0/Tier__c`, `$.tier`, `lines[0].sku` into steps, without positions. */
function stepsOf(name: string): readonly string[] {
  return name
    .split(/[./[\]#$]+/)
    .map(spelling)
    .filter((step) => step !== '' && !/^\d+$/.test(step))
}

/**
 * Normalises a name: APIs of one system use `customerName`, `CustomerName` and `customer_name` for the same
 * property.
 */
function spelling(step: string | number): string {
  return typeof step === 'number' ? '' : step.replaceAll(/[_\-\s"']/g, '').toLowerCase()
}
