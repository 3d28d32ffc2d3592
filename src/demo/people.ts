/**
 * Generates customers for the demo's load: composed of syllables, deterministic for a number, and without
 * real personal data.
 */

/** A user in the CRM's format. */
export interface CrmUser {
  readonly id?: number
  readonly name: string
  readonly username?: string
  readonly email: string
  readonly phone: string
  readonly website: string
  readonly creditLimit?: number
  readonly address: {
    readonly street: string
    readonly suite?: string
    readonly city: string
    readonly zipcode: string
  }
}

const first = ['Ka', 'Lo', 'Mi', 'Ne', 'Ru', 'Sa', 'Ti', 'Vo', 'Ze', 'Ba']
const middle = ['ran', 'lin', 'mor', 'tas', 'vel', 'dun', 'sil', 'gar', 'pin', 'nor']
const last = ['berg', 'dale', 'field', 'ford', 'holm', 'mark', 'stead', 'wick', 'wood', 'worth']

const pick = (from: readonly string[], index: number): string => from[index % from.length] ?? ''

/** Returns the customer with this number; its e-mail address is unique. */
export function generateUser(number: number): CrmUser {
  const given = `${pick(first, number)}${pick(middle, Math.floor(number / 10))}`
  const family = `${pick(first, Math.floor(number / 7))}${pick(last, Math.floor(number / 100))}`
  return {
    name: `${given} ${family}`,
    username: `${given}.${number}`.toLowerCase(),
    email: `${given}.${family}.${number}@customers.example`.toLowerCase(),
    phone: `+1 555 ${String(number).padStart(7, '0')}`,
    website: `${family}${number}.example`.toLowerCase(),
    creditLimit: (number % 40) * 250.5,
    address: {
      street: `${1 + (number % 250)} ${pick(middle, number)} Street`,
      suite: '',
      city: `${pick(first, number)}${pick(last, number)}`.toLowerCase(),
      zipcode: String(10_000 + (number % 90_000)),
    },
  }
}
