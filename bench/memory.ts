/** Resident memory of another process, as the system tells it; only Linux does. */
import { readFileSync } from 'node:fs'

/** Memory use of a process during the measurement, in MB. */
export interface WatchedMemory {
  /** The highest that the system saw. */
  readonly peakRssMb: number
  /** Ten samples over the time, first to last. */
  readonly rssMb: readonly number[]
}

/** Watches a process until the function that it gives is called. */
export function watchMemory(pid: number | undefined): () => WatchedMemory {
  const samples: number[] = []
  let peakRssMb = 0
  const watch = setInterval(() => {
    const { now, peak } = memoryOf(pid)
    if (now === 0) return
    samples.push(now)
    peakRssMb = Math.max(peakRssMb, peak)
  }, 250)
  return () => {
    clearInterval(watch)
    const last = samples.length - 1
    const rssMb = Array.from({ length: 10 }, (_, index) => samples[Math.round((last * index) / 9)] ?? 0)
    return { peakRssMb, rssMb }
  }
}

function memoryOf(pid: number | undefined): { readonly now: number; readonly peak: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const of = (what: string): number =>
      Math.round(Number(new RegExp(`${what}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024)
    return { now: of('VmRSS'), peak: of('VmHWM') }
  } catch {
    return { now: 0, peak: 0 }
  }
}
