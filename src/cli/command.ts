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

/** A count, 0..1000000. */
export function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 0 && count <= 1_000_000) return count
  throw new InvalidArgumentError('a whole number from 0 to 1000000')
}

/** A TCP port; 0 = chosen by the system. */
export function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new InvalidArgumentError('a port from 0 to 65535')
}
