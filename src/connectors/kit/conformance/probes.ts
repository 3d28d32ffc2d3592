/** Every probe, in the order of the report. */
import type { Probe } from './probe.ts'
import { accountProbes } from './probes/account.ts'
import { batchProbes } from './probes/batches.ts'
import { changeProbes } from './probes/changes.ts'
import { createProbes } from './probes/creates.ts'
import { failureProbes } from './probes/failures.ts'
import { listProbes } from './probes/lists.ts'
import { readProbes } from './probes/reads.ts'
import { removeProbes } from './probes/removes.ts'
import { responseProbes } from './probes/responses.ts'
import { searchProbes } from './probes/searches.ts'
import { updateProbes } from './probes/updates.ts'
import { webhookProbes } from './probes/webhooks.ts'

/** All probes; names are unique and stable. */
export const connectorProbes: readonly Probe[] = [
  ...accountProbes,
  ...readProbes,
  ...listProbes,
  ...changeProbes,
  ...createProbes,
  ...searchProbes,
  ...updateProbes,
  ...removeProbes,
  ...batchProbes,
  ...responseProbes,
  ...failureProbes,
  ...webhookProbes,
]
