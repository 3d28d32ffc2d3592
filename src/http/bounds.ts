/** Bounds of options that are numbers. */
import { UsageError } from '../model/errors.ts'

/** Refuses a number outside its documented bounds. @throws UsageError HTTP_OPTIONS_INVALID */
export function assertWithin(name: string, value: number, lowest: number, highest: number): void {
  if (Number.isFinite(value) && value >= lowest && value <= highest) return
  throw new UsageError(
    'HTTP_OPTIONS_INVALID',
    `The option ${name} is ${value}; it has to be between ${lowest} and ${highest}.`,
  )
}
