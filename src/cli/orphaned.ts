/**
 * Detects that the npm process which started this process has exited. `npx` and `npm run` forward a signal to the shell that they started, and the shell exits
 * without forwarding it. Without this check, a service would keep running after its command was ended by a person or a container.
 */

const watchMs = 250

/** Calls back once when the original parent of a process started by npm has exited. For other processes this has no meaning: `nohup`, `setsid`. */
export function whenOrphaned(onOrphaned: () => void): void {
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
