/** The parts of a pass that belong to the intake side: candidates, deletions and the mass-change guard. */
import { createCandidates } from './candidate.ts'
import type { PassParts } from './context.ts'
import { createDeletion } from './deletion.ts'
import type { Removals } from './deletion-carry.ts'
import { createGuard } from './guard.ts'

/** Creates the parts of one engine; they remember nothing that another engine would have to know. */
export function createIntakeParts(calls: Removals): PassParts {
  return {
    ...createCandidates(calls),
    ...createDeletion(calls),
    allowChange: createGuard(),
  }
}
