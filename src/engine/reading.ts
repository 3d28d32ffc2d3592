/** A native record as canonical values, normalised for its system: the one form in which looks, shadows and listings are compared. */
import { isIsthmusError } from '../model/errors.ts'
import type { Entity, EntitySystem } from '../model/integration.ts'
import type { CanonicalDocument, CanonicalValue, NativeRecord } from '../model/values.ts'

/** A native record in canonical terms. */
export interface Reading {
  readonly values: CanonicalDocument
  /** Fields about which this record says nothing: a mapping refused them. */
  readonly unknown: ReadonlySet<string>
}

/** Reads a native record. References stay native (`ref:<native id>`). A field that can't be normalised is unknown, the others go on. */
export async function readCanonical(
  entity: Entity,
  part: EntitySystem,
  native: NativeRecord,
): Promise<Reading> {
  const reading = part.lens.read(native)
  const { values, problems } = reading instanceof Promise ? await reading : reading
  const unknown = new Set(problems.map((problem) => problem.field))
  const normalised: Record<string, CanonicalValue> = {}
  for (const [name, value] of Object.entries(values)) {
    const field = entity.fields.get(name)
    const settings = part.fields.get(name)
    if (field === undefined || settings === undefined || unknown.has(name)) continue
    try {
      normalised[name] = settings.normalise(field.normalise(value))
    } catch (error) {
      // A value that is beyond its normaliser says nothing; anything but our own refusal is a defect.
      if (!isIsthmusError(error)) throw error
      unknown.add(name)
    }
  }
  return { values: normalised, unknown }
}
