/** What the commands are declared with. */
import { InvalidArgumentError } from 'commander'
import type { CliContext } from './context.ts'

const rowsMax = 10_000

/** Turns a command's function into what commander calls: arguments and options in, exit code out. */
export type Run = (
  command: (context: CliContext, ...args: never[]) => Promise<number>,
) => (...args: unknown[]) => Promise<void>

/** A row limit, 1..10000. */
export function parseLimit(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= rowsMax) return limit
  throw new InvalidArgumentError(`a whole number from 1 to ${rowsMax}`)
}
