/** Handles Ctrl-C and SIGTERM for commands that need a graceful shutdown. */
import { isStartedByNpm } from '../runtime/config.ts'
import { whenOrphaned } from './orphaned.ts'

const signals = ['SIGINT', 'SIGTERM'] as const

/** Conventional exit code of a process that was interrupted. */
const interrupted = 130

let stop: AbortController | undefined

/** Installs the signal handlers: the first signal aborts the result, the second ends the process immediately. There is one instance per process. */
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
