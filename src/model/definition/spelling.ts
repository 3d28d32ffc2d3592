import { type Emptiness, type EmptySpelling, plainEmpties } from '../normalisers/contract.ts'

/** As written; YAML's null stands for the word. */
export interface SpellsDefinition {
  readonly absent?: Emptiness | null | undefined
  readonly null?: Emptiness | null | undefined
  readonly empty?: Emptiness | null | undefined
}

const kinds = ['null', 'empty', 'absent'] as const

/**
 * How a system represents empty values: the system's defaults, overridden by the field's.
 *
 * They are written as specified. A native kind is read as the canonical one that it represents; if it
 * represents several, null takes precedence over empty, and empty over absent; if none, it is read as itself.
 */
export function emptySpelling(...layers: readonly (SpellsDefinition | undefined)[]): EmptySpelling {
  const said: Partial<Record<Emptiness, Emptiness>> = {}
  for (const layer of layers) {
    for (const kind of kinds) {
      const native = layer?.[kind]
      if (native !== undefined) said[kind] = native ?? 'null'
    }
  }
  if (kinds.every((kind) => said[kind] === undefined || said[kind] === kind)) return plainEmpties
  const read = (native: Emptiness): Emptiness => kinds.find((kind) => said[kind] === native) ?? native
  return {
    write: { null: said.null ?? 'null', empty: said.empty ?? 'empty', absent: said.absent ?? 'absent' },
    read: { null: read('null'), empty: read('empty'), absent: read('absent') },
  }
}
