/* Apart from isthmus.cjs, since an old Node.js can't read the next line. */
'use strict'

import('../dist/cli/main.js')
