#!/usr/bin/env node
/* What the command `isthmus` runs first. It is written so that any Node.js can read it, and says which one is needed. */
'use strict'

var needed = 24
var running = process.versions.node

if (parseInt(running, 10) < needed) {
  process.stderr.write(
    'isthmus needs Node.js ' +
      needed +
      ' or newer, and this is ' +
      running +
      ': install it from https://nodejs.org, or for this folder alone with `npm install node@' +
      needed +
      '`, which npx then uses.\n',
  )
  process.exitCode = 2
} else {
  require('./load.cjs')
}
