#!/usr/bin/env node
// Checked in so that installing can link it before anything is built.
import { existsSync } from 'node:fs'

const main = new URL('../dist/main.js', import.meta.url)
if (!existsSync(main)) {
  process.stderr.write('Fairway is not built yet. Run: npm run build\n')
  process.exit(2)
}
await import(main.href)
