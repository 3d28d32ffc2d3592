/** Handles Ctrl-C and SIGTERM for commands that need a graceful shutdown. */
import { isStartedByNpm } from '../runtime/config.ts'

const signals = ['SIGINT', 'SIGTERM'] as const

/** Conventional exit code of a process that was interrupted. */
const interrupted = 130

/** Interval of checking whether the npm process that started this one still exists. */
const watchMs = 2000

let stop: AbortController | undefined

/**
 * Installs the signal handlers: the first signal aborts the result, the second ends the process immediately.
 * There is one instance per process.
 */
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

/**
 * Calls back once when the npm process that started this process has exited; for other processes that has no
 * meaning (`nohup`, `setsid`). `npx` and `npm run` forward a signal to the shell that they started, and the
 * shell exits without forwarding it. Without this check, a service would keep running after its command was
 * ended by a person or a container.
 */
function whenOrphaned(onOrphaned: () => void): void {
  // A process that was adopted from the beginning has no parent to watch.
  if (process.ppid <= 1) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onOrphaned()
  }, watchMs)
  timer.unref()
}
