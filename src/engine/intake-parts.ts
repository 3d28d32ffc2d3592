/** The parts of a pass that belong to the intake side: candidates, deletions and the mass-change guard. */

import type { PassParts } from './context.ts'
import type { Removals } from './delete/carry.ts'
import { createDeletion } from './delete/detect.ts'
import { createCandidates } from './match/candidate.ts'
import { createGuard } from './protect/guard.ts'

/** Creates the parts of one engine; they remember nothing that another engine would have to know. */
export function createIntakeParts(calls: Removals): PassParts {
  return {
    ...createCandidates(calls),
    ...createDeletion(calls),
    allowChange: createGuard(),
  }
}
