/** Puts the credential on each attempt; after a 401 asks for another one and sends the request again, once. */
import type { Authenticator, Credential } from '../auth/authenticator.ts'
import { isSpentBySending } from '../bodies/request-body.ts'
import type { Call, Policy } from '../call.ts'
import { AuthenticationError } from '../errors.ts'
import type { Stop } from '../stop.ts'

/** Without an authenticator the policy does nothing. */
export function authenticatePolicy(authenticator: Authenticator | undefined): Policy {
  return {
    name: 'authenticate',
    async run(call, next) {
      if (authenticator === undefined) return next(call)
      const credential = await credentialFor(call, authenticator)
      try {
        return await next(withCredential(call, credential))
      } catch (error) {
        if (!(error instanceof AuthenticationError) || error.status !== 401) throw error
        if (isSpentBySending(call)) throw error
        if (authenticator.refused?.(credential.generation ?? 0) !== true) throw error
        return next(withCredential(call, await credentialFor(call, authenticator)))
      }
    },
  }
}

async function credentialFor(call: Call, authenticator: Authenticator): Promise<Credential> {
  const credential = authenticator.credential(call)
  if (!(credential instanceof Promise)) return credential
  call.progress.phase = 'auth'
  return stoppable(credential, call.stop)
}

/** The token request goes on for the other calls that wait for it; this call only stops waiting. */
function stoppable<T>(promise: Promise<T>, stop: Stop): Promise<T> {
  return new Promise((resolve, reject) => {
    const forget = stop.onStop(reject)
    promise.then(resolve, reject).finally(forget)
  })
}

function withCredential(call: Call, credential: Credential): Call {
  let path = call.path
  for (const [name, value] of Object.entries(credential.query ?? {})) {
    path += `${path.includes('?') ? '&' : '?'}${encodeURIComponent(name)}=${encodeURIComponent(value)}`
  }
  return { ...call, path, headers: { ...call.headers, ...credential.headers } }
}
