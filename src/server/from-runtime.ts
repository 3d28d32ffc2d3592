/** Connects the server to a process. */
import type { IsthmusRuntime } from '../runtime/create-runtime.ts'
import type { SignIn } from '../runtime/sign-in/sign-in.ts'
import type { ServerDependencies } from './dependencies.ts'
import type { LocalLinks } from './sign-in/local-links.ts'

/** What the server needs beside a runtime. */
export interface AccessOptions {
  /** One-time links by which people of this machine sign in. @default nobody can sign in that way */
  readonly links?: LocalLinks
  /** Signing in at an identity provider. @default not possible */
  readonly signIn?: SignIn
}

/** What the server needs of a runtime: intake, status, and the admin API. */
export function serverDependencies(
  runtime: IsthmusRuntime,
  { links, signIn }: AccessOptions = {},
): ServerDependencies {
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
      ...(links === undefined ? {} : { links }),
      ...(signIn === undefined ? {} : { signIn }),
    },
  }
}
