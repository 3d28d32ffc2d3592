import { type Emptiness, type EmptySpelling, plainEmpties } from '../lens/spec.ts'

/** As written; YAML's null stands for the word. */
export interface SpellsDefinition {
  readonly absent?: Emptiness | null | undefined
  readonly null?: Emptiness | null | undefined
  readonly empty?: Emptiness | null | undefined
}

const kinds = ['null', 'empty', 'absent'] as const

/**
 * How a system spells nothing: the system's defaults, overridden by the field's.
 *
 * What is written is as said. A native kind of nothing reads as the canonical one that was said to be spelt so; where several
 * were, as null before empty before absent; where none was, as itself.
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
