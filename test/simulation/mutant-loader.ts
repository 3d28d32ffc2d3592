/** Loaded by `node --import`: changes one line of the engine while it is loaded (`ISTHMUS_MUTANT` names the mutant). */
import { registerHooks } from 'node:module'
import { sourceMutants } from './source-mutants.ts'

const mutant = sourceMutants.find((one) => one.name === process.env.ISTHMUS_MUTANT)
if (mutant !== undefined) {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!url.endsWith(mutant.file)) return loaded
      const source = Buffer.isBuffer(loaded.source) ? loaded.source.toString('utf8') : String(loaded.source)
      if (!source.includes(mutant.find)) {
        process.stderr.write(`MUTANT_STALE ${mutant.name}: ${mutant.file} no longer says ${mutant.find}\n`)
        process.exit(3)
      }
      return { ...loaded, source: source.replaceAll(mutant.find, mutant.replace) }
    },
  })
}
