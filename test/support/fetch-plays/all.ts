/** Every situation that `createFetch` is compared with the platform's own in. */
import { bodies, codings } from './bodies.ts'
import { ends } from './ends.ts'
import type { FetchPlay } from './play.ts'
import { requests } from './requests.ts'
import { redirects, responses } from './responses.ts'

export const fetchPlays: readonly FetchPlay[] = [
  ...bodies,
  ...codings,
  ...requests,
  ...responses,
  ...redirects,
  ...ends,
]
