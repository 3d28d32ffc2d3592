/** Why a call must end now, told to whoever works on it. Lighter than an `AbortSignal`: one is made for every call. */
export class Stop {
  #reason: Error | undefined
  #listeners: Set<(reason: Error) => void> | undefined

  /** Set once the call must end. */
  get reason(): Error | undefined {
    return this.#reason
  }

  /** Ends the call; the first reason stays. */
  trigger(reason: Error): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    for (const listener of this.#listeners ?? []) listener(reason)
    this.#listeners = undefined
  }

  /** Calls back when the call must end; at once if it already must. The returned function forgets the listener. */
  onStop(listener: (reason: Error) => void): () => void {
    if (this.#reason !== undefined) {
      listener(this.#reason)
      return () => {}
    }
    this.#listeners ??= new Set()
    this.#listeners.add(listener)
    return () => {
      this.#listeners?.delete(listener)
    }
  }
}

/** Waits `ms`, or rejects with the stop's reason as soon as the call must end. */
export function sleepUntilStopped(ms: number, stop: Stop): Promise<void> {
  return new Promise((resolve, reject) => {
    const forget = stop.onStop((reason) => {
      clearTimeout(timer)
      reject(reason)
    })
    const timer = setTimeout(() => {
      forget()
      resolve()
    }, ms)
  })
}
