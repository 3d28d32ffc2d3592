/** Ctrl-C and SIGTERM, for commands that have something to bring to an end. */
import { isStartedByNpm } from '../runtime/config.ts'
import { whenOrphaned } from './orphaned.ts'

const signals = ['SIGINT', 'SIGTERM'] as const

/** Conventional exit code of a process that was interrupted. */
const interrupted = 130

let stop: AbortController | undefined

/** Takes the signals over; the first aborts the result, the second ends the process at once. One per process, whoever asks. */
export function stopSignal(): AbortSignal {
  if (stop !== undefined) return stop.signal
  const controller = new AbortController()
  stop = controller
  const listener = (): void => {
    if (controller.signal.aborted) process.exit(interrupted)
    controller.abort()
  }
  for (const signal of signals) process.on(signal, listener)
  if (isStartedByNpm()) whenOrphaned(() => controller.abort())
  return controller.signal
}
