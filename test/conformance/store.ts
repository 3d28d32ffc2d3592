/** The suite for every store. Each implementation's test file calls this with a harness of its own. */
import { describe } from 'vitest'
import { describeAccess } from './store-access.ts'
import { describeAdmin } from './store-admin.ts'
import { describeAudit } from './store-audit.ts'
import { describeBinding } from './store-binding.ts'
import { describeCauses } from './store-causes.ts'
import { describeDuplicates } from './store-duplicates.ts'
import { describeEvidence } from './store-evidence.ts'
import { describeFormats } from './store-formats.ts'
import { describeGuardedChanges } from './store-guarded-changes.ts'
import { describeHealth } from './store-health.ts'
import { describeIdentity } from './store-identity.ts'
import { describeIntake } from './store-intake.ts'
import { describeJournal } from './store-journal.ts'
import type { OpenHarness } from './store-kit.ts'
import { describeOnce } from './store-once.ts'
import { describePasses } from './store-passes.ts'
import { describeQueue } from './store-queue.ts'
import { describeRetention } from './store-retention.ts'
import { describeRuns } from './store-runs.ts'
import { describeSchemas } from './store-schemas.ts'
import { describeSessions } from './store-sessions.ts'
import { describeShadows } from './store-shadows.ts'
import { describeValueWaits } from './store-value-waits.ts'

export function describeStore(name: string, open: OpenHarness): void {
  describe(`${name} store`, () => {
    describeIntake(open)
    describeQueue(open)
    describePasses(open)
    describeGuardedChanges(open)
    describeEvidence(open)
    describeIdentity(open)
    describeDuplicates(open)
    describeRuns(open)
    describeValueWaits(open)
    describeBinding(open)
    describeJournal(open)
    describeAdmin(open)
    describeAccess(open)
    describeAudit(open)
    describeOnce(open)
    describeSessions(open)
    describeHealth(open)
    describeSchemas(open)
    describeRetention(open)
    describeFormats(open)
    describeCauses(open)
    describeShadows(open)
  })
}
