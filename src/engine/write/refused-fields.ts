/**
 * The fields that a refusal names.
 *
 * Systems name fields in their own terms and spellings: `Tier__c`, `/data/attributes/tier`, `input.tier`, `lines[0].sku`, `Email` for `email`.
 * They are compared with what the mapping names, so that the rest of the write can go without them. A name that fits nothing is no name.
 */
import type { EntitySystem, SystemField } from '../../model/integration.ts'
import type { PlannedWrite } from '../../model/merge/contract.ts'

/** Steps before the record itself: `input`, `data.attributes`, `body`, the name of a variable. */
const wrapperStepsMax = 3
const namesMax = 50

/** Fields of this write that the refusal names; empty when it names none of them. */
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
  // A mapping by functions names nothing; then the field's own name has to do.
  return paths.length === 0 ? [[spelling(name)]] : paths
}

/** Whole names come first: `address` within a wrapper must not stand in for a field `city` that is meant by `city`. */
function fieldsAt(candidates: readonly Candidate[], steps: readonly string[]): readonly string[] {
  for (let skip = 0; skip <= wrapperStepsMax && skip < steps.length; skip += 1) {
    const rest = steps.slice(skip)
    const hits = candidates.filter(({ paths }) => paths.some((path) => isWithin(path, rest)))
    if (hits.length > 0) return hits.map(({ name }) => name)
  }
  return []
}

/** One is a part of the other: a refused object refuses what is in it, and a refused part refuses the field that has it. */
function isWithin(path: readonly string[], named: readonly string[]): boolean {
  const length = Math.min(path.length, named.length)
  return length > 0 && path.slice(0, length).every((step, index) => step === named[index])
}

/** `/data/0/Tier__c`, `$.tier`, `lines[0].sku` in steps, without positions. */
function stepsOf(name: string): readonly string[] {
  return name
    .split(/[./[\]#$]+/)
    .map(spelling)
    .filter((step) => step !== '' && !/^\d+$/.test(step))
}

/** APIs of one and the same system write `customerName`, `CustomerName` and `customer_name` for each other. */
function spelling(step: string | number): string {
  return typeof step === 'number' ? '' : step.replaceAll(/[_\-\s"']/g, '').toLowerCase()
}
