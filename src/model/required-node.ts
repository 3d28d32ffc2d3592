/**
 * Refuses a Node.js that is too old, when one of the package's entry points is imported. Each of them imports
 * this module first, so that it is evaluated before anything else.
 *
 * All other modules have to be such that an older Node.js can still link them: names that `node:` modules
 * have only since recently are read from the default export (`zlib.zstdDecompress`). By name they would end
 * the import with a SyntaxError that does not say what to do.
 */

/** The oldest major version that the package is tested with; `engines` in package.json says the same. */
const needed = 24
const { node: running } = process.versions

// Not an IsthmusError: there is nothing to catch here but the import itself.
if (Number.parseInt(running, 10) < needed)
  throw new Error(
    `isthmus needs Node.js ${needed} or newer, and this is ${running}: install it from https://nodejs.org, or for this folder alone with \`npm install node@${needed}\` and run your program with \`npx node\`.`,
  )
