/**
 * Authentication options of `isthmus init`: which environment variables contain the credential of a system.
 * Secrets themselves are never given.
 */
import type { AuthOptions } from '../../../http/auth/options.ts'
import { UsageError } from '../../../model/errors.ts'
import type { Environment } from '../../config.ts'
import type { NeededVariable } from '../described-system.ts'

/** Authentication of one system. */
export interface Login {
  /** With the values of the environment. */
  readonly auth: AuthOptions
  /** With references to its variables, as in a definition. */
  readonly section: Readonly<Record<string, unknown>>
  readonly variables: readonly NeededVariable[]
}

/** Authentication flags, each as `<system>=…`. */
export interface LoginFlags {
  /** `crm=CRM_TOKEN`. */
  readonly token: readonly string[]
  /** `crm=X-Api-Key:CRM_KEY` for a header, `crm=?key:CRM_KEY` for a query parameter. */
  readonly apiKey: readonly string[]
  /** `crm=CRM_USER:CRM_PASSWORD`. */
  readonly basic: readonly string[]
}

type MakeLogin = (value: string, variable: (name: string) => string, flag: string) => Login

const reference = (name: string): string => `\${env:${name}}`
const needed = (...names: readonly string[]): readonly NeededVariable[] =>
  names.map((name) => ({ name, whole: true }))

const kinds: Readonly<Record<keyof LoginFlags, { readonly flag: string; readonly make: MakeLogin }>> = {
  token: {
    flag: '--token',
    make: (name, variable) => ({
      auth: { type: 'bearer', token: variable(name) },
      section: { type: 'bearer', token: reference(name) },
      variables: needed(name),
    }),
  },
  apiKey: {
    flag: '--api-key',
    make: (value, variable, flag) => {
      const [, query, place, name] = /^(\?)?([^:]+):([^:]+)$/.exec(value) ?? []
      if (place === undefined || name === undefined)
        throw usage(flag, 'write <system>=<header>:<variable>, or <system>=?<query parameter>:<variable>')
      const where = query === undefined ? { header: place } : { query: place }
      return {
        auth: { type: 'api-key', ...where, value: variable(name) } as AuthOptions,
        section: { type: 'api-key', ...where, value: reference(name) },
        variables: needed(name),
      }
    },
  },
  basic: {
    flag: '--basic',
    make: (value, variable, flag) => {
      const [user, password, ...more] = value.split(':')
      if (user === undefined || password === undefined || more.length > 0)
        throw usage(flag, 'write <system>=<variable of the user>:<variable of the password>')
      return {
        auth: { type: 'basic', username: variable(user), password: variable(password) },
        section: { type: 'basic', username: reference(user), password: reference(password) },
        variables: needed(user, password),
      }
    },
  },
}

/** Reads the flags. @param names the systems that may have one @throws UsageError CLI_USAGE */
export function loginsOf(
  flags: LoginFlags,
  names: readonly string[],
  environment: Environment,
): ReadonlyMap<string, Login> {
  const logins = new Map<string, Login>()
  for (const [kind, { flag, make }] of Object.entries(kinds)) {
    for (const text of flags[kind as keyof LoginFlags]) {
      const at = text.indexOf('=')
      const system = text.slice(0, Math.max(at, 0))
      if (!names.includes(system))
        throw usage(
          flag,
          `write <system>=… with one of ${names.join(', ')}, as in ${flag} ${names[0] ?? 'crm'}=…`,
        )
      if (logins.has(system)) throw usage(flag, `${system} already has authentication`)
      logins.set(
        system,
        make(text.slice(at + 1), (name) => secretIn(name, `${flag} ${system}`, environment), flag),
      )
    }
  }
  return logins
}

/**
 * The text may be a secret that was given by mistake, so it is only quoted if it looks like the name of a
 * variable.
 */
function secretIn(name: string, flag: string, environment: Environment): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw usage(flag, 'name the environment variable that contains the secret, not the secret itself')
  const value = environment[name]
  if (value !== undefined && value !== '') return value
  const shown = /^[A-Z][A-Z0-9_]*$/.test(name) ? name : 'of the name that was given'
  throw usage(flag, `the environment has no variable ${shown}: set it, or put it into .env in this folder`)
}

function usage(flag: string, what: string): UsageError {
  return new UsageError('CLI_USAGE', `${flag}: ${what}`)
}
