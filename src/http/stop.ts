/**
 * Reports to the steps of a call why it must end now. Lighter than an `AbortSignal`: one is created for every
 * call.
 */
export class Stop {
  #reason: Error | undefined
  #listeners: StopListener[] | undefined

  /** Set once the call must end. */
  get reason(): Error | undefined {
    return this.#reason
  }

  /** Ends the call; the first reason applies. */
  trigger(reason: Error): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    const listeners = this.#listeners ?? []
    this.#listeners = undefined
    for (const listener of listeners) listener(reason)
  }

  /** Calls back when the call must end; immediately if it already must. */
  onStop(listener: StopListener): void {
    if (this.#reason !== undefined) listener(this.#reason)
    else if (this.#listeners === undefined) this.#listeners = [listener]
    else this.#listeners.push(listener)
  }

  /** Removes a listener. */
  forget(listener: StopListener): void {
    const at = this.#listeners?.lastIndexOf(listener) ?? -1
    if (at !== -1) this.#listeners?.splice(at, 1)
  }
}

/** Receives the reason why a call must end. */
export type StopListener = (reason: Error) => void

/** Waits `ms`, or rejects with the stop's reason as soon as the call must end. */
export function sleepUntilStopped(ms: number, stop: Stop): Promise<void> {
  return new Promise((resolve, reject) => {
    const onStop = (reason: Error): void => {
      clearTimeout(timer)
      reject(reason)
    }
    const timer = setTimeout(() => {
      stop.forget(onStop)
      resolve()
      // A timer may fire a fraction of a millisecond early, which is not allowed for a Retry-After.
    }, Math.ceil(ms) + 1)
    stop.onStop(onStop)
  })
}
