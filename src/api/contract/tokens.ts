/** What a token may be, wherever it is created: by the command line or through the API. */
import type { ApiRole } from './permissions.ts'
import { grants } from './permissions.ts'

/** Names of the roles, in the order of {@link grants}. */
export const roleNames = Object.keys(grants) as [ApiRole, ...ApiRole[]]

/** Form of a token's name. */
export const tokenName = /^[a-z0-9][a-z0-9-]{0,62}$/
/** The form in words. */
export const tokenNameWords = 'lower-case letters, digits and hyphens'

/** How long a token is valid unless it is stated, and at most. */
export const tokenDays = { default: 90, max: 366 } as const
