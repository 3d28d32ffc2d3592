import type { AdminStore } from '../../admin-contract.ts'
import type { PostgresContext } from '../context.ts'
export function createPostgresAdmin(_context: PostgresContext): AdminStore {
  return {} as AdminStore
}
