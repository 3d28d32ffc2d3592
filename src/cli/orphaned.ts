/**
 * Whether npm, which started this process, is gone. `npx` and `npm run` hand a signal on to the shell that they started, and the shell ends without
 * handing it on: without this, a service would outlive the command that a person or a container ended.
 */

const watchMs = 250

/** Calls back once when the process has lost the parent that it had, for processes that npm started. Elsewhere a lost parent means nothing: `nohup`, `setsid`. */
export function whenOrphaned(onOrphaned: () => void): void {
  // A process that is adopted from the beginning has nobody to lose.
  if (process.ppid <= 1) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onOrphaned()
  }, watchMs)
  timer.unref()
}
