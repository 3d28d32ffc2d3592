/** Writes the JSON Schema of the definition for editors: `node scripts/write-schema.ts`. A test compares it with the code. */
import { writeFileSync } from 'node:fs'
import { definitionJsonSchema } from '../src/model/definition/schema/root.ts'

const file = new URL('../schema/isthmus.schema.json', import.meta.url)
writeFileSync(file, `${JSON.stringify(definitionJsonSchema(), null, 2)}\n`)
