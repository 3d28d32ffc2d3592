/** Connects the server to a process. */
import type { IsthmusRuntime } from '../runtime/create-runtime.ts'
import type { ServerDependencies } from './dependencies.ts'

/** What the server needs of a runtime: intake, status, and the admin API. */
export function serverDependencies(runtime: IsthmusRuntime): ServerDependencies {
  const { status, store, receive, checkReady, now, byHand, integration } = runtime
  return {
    status,
    admin: store.admin,
    receive,
    checkReady,
    now,
    api: {
      admin: store.admin,
      integration,
      refresh: (recordId) => byHand.syncRecord({ recordId }),
      wake: () => store.wake(),
      now,
    },
  }
}
