/** What the admin API requires from the runtime. */
import type { Integration } from '../../model/integration.ts'
import type { SignIn } from '../../runtime/sign-in/sign-in.ts'
import type { AdminStore } from '../../store/admin-contract.ts'
import type { LocalLinks } from '../sign-in/local-links.ts'

/** The parts of a process that the admin API shows and controls. */
export interface AdminDependencies {
  /** What people see and decide: `runtime.store.admin`. */
  readonly admin: AdminStore
  /** The compiled definition: `runtime.integration`. */
  readonly integration: Integration
  /**
   * Reads a record in all its systems as soon as possible.
   *
   * @throws ENGINE_UNKNOWN_RECORD
   */
  refresh(recordId: string): Promise<void>
  /** Tells this process and others that there is work. */
  wake(): void
  /** Epoch ms on the database's clock. */
  now(): number
  /** One-time links of this process by which people of this machine sign in. @default none is valid */
  readonly links?: LocalLinks
  /** Signing in at the identity provider. @default not possible */
  readonly signIn?: SignIn
  /** Longest wait for a response, in milliseconds; after that it is 503. @default 15000 */
  readonly answerMs?: number
}
