/**
 * Adds the credential to each attempt; after a 401 requests another one and sends the request again, once.
 */
import type { Authenticator, Credential } from '../auth/authenticator.ts'
import { isSpentBySending } from '../bodies/request-body.ts'
import type { Call, Policy } from '../call.ts'
import { AuthenticationError } from '../errors.ts'
import { wellFormedUri } from '../well-formed-uri.ts'

/** Credentials that can't be renewed are added, and nothing else. */
export function authenticatePolicy(authenticator: Authenticator): Policy {
  const withCredential = credentialWriter()
  const { refused } = authenticator
  if (refused === undefined) {
    return {
      name: 'authenticate',
      run(call, next) {
        const credential = authenticator.credential(call)
        return credential instanceof Promise
          ? waitedFor(call, credential).then((ready) => next(withCredential(call, ready)))
          : next(withCredential(call, credential))
      },
    }
  }
  return {
    name: 'authenticate',
    async run(call, next) {
      const credential = await credentialFor(call, authenticator)
      try {
        return await next(withCredential(call, credential))
      } catch (error) {
        if (!(error instanceof AuthenticationError) || error.status !== 401) throw error
        if (isSpentBySending(call)) throw error
        if (!refused.call(authenticator, credential.generation ?? 0)) throw error
        return next(withCredential(call, await credentialFor(call, authenticator)))
      }
    },
  }
}

function credentialFor(call: Call, authenticator: Authenticator): Credential | Promise<Credential> {
  const credential = authenticator.credential(call)
  return credential instanceof Promise ? waitedFor(call, credential) : credential
}

/** The token request continues for the other calls that wait for it; this call only stops waiting. */
function waitedFor({ progress, stop }: Call, credential: Promise<Credential>): Promise<Credential> {
  progress.phase = 'auth'
  return new Promise((resolve, reject) => {
    stop.onStop(reject)
    credential.then(resolve, reject).finally(() => stop.forget(reject))
  })
}

/** Nearly all calls of a client have the same headers and the same credential, so the result is cached. */
function credentialWriter(): (call: Call, credential: Credential) => Call {
  let last:
    | { readonly from: Call['headers']; readonly credential: Credential; readonly headers: Call['headers'] }
    | undefined
  return (call, credential) => {
    if (last?.from !== call.headers || last.credential !== credential) {
      const headers = Object.freeze({ ...call.headers, ...credential.headers })
      last = { from: call.headers, credential, headers }
    }
    const { headers } = last
    return credential.query === undefined
      ? { ...call, headers }
      : { ...call, headers, path: withQuery(call.path, credential.query) }
  }
}

function withQuery(path: string, query: NonNullable<Credential['query']>): string {
  let whole = path
  for (const [name, value] of Object.entries(query)) {
    whole += `${whole.includes('?') ? '&' : '?'}${wellFormedUri(name)}=${wellFormedUri(value)}`
  }
  return whole
}
