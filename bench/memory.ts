/** Resident memory of another process, as reported by the system; only on Linux. */
import { readFileSync } from 'node:fs'

/** Memory use of a process during the measurement, in MB. */
export interface WatchedMemory {
  /** Peak as reported by the system. */
  readonly peakRssMb: number
  /** Ten samples over the time, first to last. */
  readonly rssMb: readonly number[]
}

/** Samples a process until the returned function is called. */
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
