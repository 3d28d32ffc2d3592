/** Helpers for declaring commands. */
import { InvalidArgumentError } from 'commander'
import { durationMs } from '../model/definition/duration.ts'
import type { CliContext } from './context.ts'

const rowsMax = 10_000

/** Adapts a command's function to commander: passes arguments and options, and sets the exit code. */
export type Run = (
  command: (context: CliContext, ...args: never[]) => Promise<number>,
) => (...args: unknown[]) => Promise<void>

/** Reads a whole number within bounds. */
export function parseWithin(least: number, most: number): (text: string) => number {
  return (text) => {
    const count = Number(text)
    if (text.trim() !== '' && Number.isInteger(count) && count >= least && count <= most) return count
    throw new InvalidArgumentError(`a whole number from ${least} to ${most}`)
  }
}

/** A row limit, 1..10000. */
export const parseLimit = parseWithin(1, rowsMax)

/** A count, 0..1000000. */
export const parseCount = parseWithin(0, 1_000_000)

/** A TCP port; 0 selects a free one. */
export const parsePort = parseWithin(0, 65_535)

/**
 * Parses a duration such as `30s`; returns milliseconds.
 *
 * @throws InvalidArgumentError for anything else
 */
export function parseDuration(text: string): number {
  const parsed = durationMs(text)
  if (parsed !== undefined && parsed > 0) return parsed
  throw new InvalidArgumentError('a duration such as 500ms, 30s, 5m or 2h')
}

/** Collects an option that may be given several times. */
export function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value]
}
