import { createOutput } from '../../src/cli/output.ts'
import { createProgram } from '../../src/cli/program.ts'

/** The output of a command, and its exit code; -1 when it did not end. */
export interface ProgramRun {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command in this process, with a folder as the working directory. No integration can be opened. */
export async function runProgram(directory: string, args: readonly string[]): Promise<ProgramRun> {
  const out: string[] = []
  const err: string[] = []
  let code = -1
  const program = await createProgram({
    version: '0',
    exit: (value) => {
      code = value
    },
    createContext: ({ json }) => ({
      actor: 'test',
      directory,
      untilStopped: () => new AbortController().signal,
      open: () => Promise.reject(new TypeError('not opened here')),
      output: createOutput({
        json: json === true,
        out: { write: (text) => out.push(text) },
        err: { write: (text) => err.push(text) },
        noColour: true,
        monotonic: () => 0,
      }),
    }),
  })
  await program.parseAsync(['node', 'isthmus', ...args])
  return { code, out: out.join(''), err: err.join('') }
}
