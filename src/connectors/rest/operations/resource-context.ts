/** What every operation on one resource needs. */
import type { OutcomeRules } from '../../kit/outcome.ts'
import type { RestClient } from '../client.ts'
import type { ResourceManifest } from '../manifests/manifest.ts'
import type { TagForm } from './precondition.ts'

/** One resource with its client and rules. */
export interface ResourceContext {
  readonly name: string
  readonly resource: ResourceManifest
  readonly client: RestClient
  /** Path template of one record. */
  readonly item: string
  readonly rules: OutcomeRules
  readonly tags: TagForm
  /** Epoch ms and monotonic ms. */
  readonly clock: { now(): number; monotonic(): number }
}
