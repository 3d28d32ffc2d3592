/**
 * Paused fields: fields that are neither read nor written in a system, because it changed their schema.
 *
 * The lens of such a place returns the same as for a value that a mapping can't read: unknown. The engine
 * neither merges nor writes the field there, continues with the others, and reports the lane's failure. The
 * agreed value, the other systems, and the last known value of this system stay unchanged. So nothing is
 * lost: when the pause ends, an edit made there in the meantime is found by comparison, and values agreed in
 * the meantime are written.
 */
import type { Entity, EntitySystem, Integration } from '../../model/integration.ts'
import type { FieldProblem, Lens } from '../../model/lens/contract.ts'
import type { CanonicalDocument } from '../../model/values.ts'

/** The code of failures for paused fields. */
export const pausedCode = 'DRIFT_FIELD_PAUSED'

/** Paused fields by place. */
export type PausedFields = ReadonlyMap<string, ReadonlySet<string>>

/** An integration whose fields can be paused while it runs. */
export interface PausableIntegration {
  readonly integration: Integration
  /** Takes effect with the next read. */
  pause(fields: PausedFields): void
}

/** Returns the key of a place in {@link PausedFields}. */
export function placeKey(entity: string, system: string): string {
  return JSON.stringify([entity, system])
}

/** Wraps every lens so that its fields can be paused. */
export function pausable(integration: Integration): PausableIntegration {
  let paused: PausedFields = new Map()
  const entities = new Map<string, Entity>()
  for (const entity of integration.entities.values()) {
    const systems = new Map<string, EntitySystem>()
    for (const part of entity.systems.values()) {
      const key = placeKey(entity.name, part.system)
      systems.set(part.system, { ...part, lens: switchable(part, () => paused.get(key)) })
    }
    entities.set(entity.name, { ...entity, systems })
  }
  return {
    integration: { ...integration, entities },
    pause: (fields) => {
      paused = fields
    },
  }
}

function switchable({ lens, system }: EntitySystem, pausedHere: () => ReadonlySet<string> | undefined): Lens {
  return {
    read(native) {
      const names = pausedHere()
      const reading = lens.read(native)
      if (names === undefined || names.size === 0) return reading
      return whenRead(reading, ({ values, problems }) => ({
        values: without(values, names),
        problems: [
          ...problems.filter(({ field }) => !names.has(field)),
          ...[...names].map((name) => problemOf(name, system)),
        ],
      }))
    },
    write(values, base, nested) {
      const names = pausedHere()
      const held = Object.keys(values).filter((name) => names?.has(name) === true)
      if (names === undefined || held.length === 0) return lens.write(values, base, nested)
      return whenRead(lens.write(without(values, names), base, nested), ({ patch, problems }) => ({
        patch,
        problems: [...problems, ...held.map((name) => problemOf(name, system))],
      }))
    },
  }
}

/** Lenses that consist of paths stay synchronous. */
function whenRead<Value, Result>(
  value: Value | Promise<Value>,
  use: (value: Value) => Result,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then(use) : use(value)
}

function without(values: CanonicalDocument, names: ReadonlySet<string>): CanonicalDocument {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !names.has(name)))
}

function problemOf(field: string, system: string): FieldProblem {
  return {
    field,
    code: pausedCode,
    message: `${system} has changed its schema; it is paused there until the change is accepted (isthmus drift)`,
  }
}
