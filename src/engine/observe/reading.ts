/**
 * A native record as canonical values, normalised for its system: the one form in which observations, shadows
 * and listings are compared.
 */
import type { Entity, EntitySystem } from '../../model/integration.ts'
import type { FieldProblem, LensReading, MaybePromise } from '../../model/lens/contract.ts'
import { chain, failed } from '../../model/lens/field-lens.ts'
import type { CanonicalDocument, CanonicalValue, NativeRecord } from '../../model/values.ts'

/** A native record in canonical terms. */
export interface Reading {
  readonly values: CanonicalDocument
  /** Fields whose value this record does not reveal: a mapping rejected them. */
  readonly unknown: ReadonlySet<string>
  /** The reasons, for fields that a mapping, a constraint or a normaliser rejected. Without values. */
  readonly problems: readonly FieldProblem[]
  /** Fields that refer to a record which is not known yet; set when references are translated. */
  readonly missing: ReadonlySet<string>
}

const none: ReadonlySet<string> = new Set()

/**
 * Reads a native record; synchronous if every mapping of the entity is. References stay native (`ref:<native
 * id>`). A field that can't be normalised is unknown; the others are read.
 */
export function readCanonical(
  entity: Entity,
  part: EntitySystem,
  native: NativeRecord,
): MaybePromise<Reading> {
  return chain(part.lens.read(native), (reading) => normaliseAll(entity, part, reading))
}

function normaliseAll(
  entity: Entity,
  part: EntitySystem,
  { values, problems: refused }: LensReading,
): Reading {
  const problems = [...refused]
  const unknown = new Set(problems.map((problem) => problem.field))
  const normalised: Record<string, CanonicalValue> = {}
  for (const [name, value] of Object.entries(values)) {
    const field = entity.fields.get(name)
    const settings = part.fields.get(name)
    if (field === undefined || settings === undefined || unknown.has(name)) continue
    try {
      normalised[name] = settings.normalise(field.normalise(value))
    } catch (error) {
      // Normalisers may be functions of the definition: a value that one fails on must not stop the other
      // fields.
      unknown.add(name)
      problems.push({ field: name, ...failed(error).problem })
    }
  }
  return { values: normalised, unknown, problems, missing: none }
}
