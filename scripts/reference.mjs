// `npm run reference`: writes the reference pages that are made from tables in the code.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, install, root } from './prepare.mjs'

install()
if (!build().ok) process.exit(1)
const { functionsReference } = await import('../server/dist/flows/functions/reference.js')
const { nodesReference } = await import('../server/dist/flows/nodes-reference.js')

const folder = join(root, 'docs/reference')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'functions.md'), functionsReference())
writeFileSync(join(folder, 'nodes.md'), nodesReference())
console.log('Wrote docs/reference/functions.md and docs/reference/nodes.md')
