/** Finds what a test file leaves running: sockets, servers and timers that keep the process alive, worker threads, and child processes. */
import type { ChildProcess } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Worker } from 'node:worker_threads'

/** Streams of the process itself, and operations that end on their own. */
const harmless: ReadonlySet<string> = new Set([
  'TTYWrap',
  'PipeWrap',
  'FSReqCallback',
  'FSReqPromise',
  'Immediate',
])

export interface LeakWatch {
  /** Returns what is still running after at most `withinMs`, in plain text; empty when everything has ended. */
  leftOver(withinMs: number): Promise<readonly string[]>
  stop(): void
}

/** Begins to watch this process: what runs by now is its own. */
export function watchLeaks(): LeakWatch {
  const before = countsOf(process.getActiveResourcesInfo())
  const children = new Set<ChildProcess>()
  const workers = new Set<Worker>()
  const keepChild = (message: unknown): void => {
    children.add((message as { readonly process: ChildProcess }).process)
  }
  const keepWorker = (worker: Worker): void => void workers.add(worker)
  subscribe('child_process', keepChild)
  process.on('worker', keepWorker)

  const running = (): readonly string[] => [
    ...excess(before, countsOf(process.getActiveResourcesInfo())),
    ...[...children]
      .filter(isRunning)
      .map(({ spawnargs }) => `child process: ${spawnargs.join(' ').slice(0, 200)}`),
    ...[...workers]
      .filter(({ threadId }) => threadId !== -1)
      .map(({ threadId }) => `worker thread ${threadId}`),
  ]
  return {
    async leftOver(withinMs) {
      const until = performance.now() + withinMs
      while (running().length > 0 && performance.now() < until) await pause()
      return running()
    },
    stop() {
      unsubscribe('child_process', keepChild)
      process.off('worker', keepWorker)
    },
  }
}

function isRunning({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null
}

function countsOf(resources: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const resource of resources) counts.set(resource, (counts.get(resource) ?? 0) + 1)
  return counts
}

function excess(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): readonly string[] {
  return [...now]
    .filter(([resource, count]) => !harmless.has(resource) && count > (before.get(resource) ?? 0))
    .map(([resource, count]) => `${count - (before.get(resource) ?? 0)} × ${resource}`)
}

/** Waits without being counted: the channel to vitest keeps the process alive. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 20).unref()
  })
}
