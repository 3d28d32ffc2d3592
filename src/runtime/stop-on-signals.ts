/** Graceful stop of a service on SIGTERM and SIGINT. */

const signals = ['SIGTERM', 'SIGINT'] as const

/** Conventional exit code of a process that was interrupted. */
const INTERRUPTED = 130

/**
 * Calls `stop` at the first signal; a second one ends the process at once, as people expect of Ctrl-C pressed twice. Killing Isthmus is
 * always safe, so nothing is lost by it.
 *
 * @returns resolves when `stop` has finished; listeners are gone then
 */
export function stopOnSignals(stop: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopping = false
    const listener = (): void => {
      if (stopping) process.exit(INTERRUPTED)
      stopping = true
      stop()
        .finally(() => {
          for (const signal of signals) process.off(signal, listener)
        })
        .then(resolve, reject)
    }
    for (const signal of signals) process.on(signal, listener)
  })
}
