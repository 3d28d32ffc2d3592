/* Apart from isthmus.cjs, since an old Node.js can't read the next line. */
'use strict'

import('../dist/cli/main.js').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND' || !/dist.cli.main\.js/.test(error.url || '')) throw error
  process.stderr.write('isthmus is not built: run `npm run build` in the repository first.\n')
  process.exitCode = 2
})
