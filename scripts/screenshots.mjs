// `npm run screenshots`: installs and builds what is missing, then takes the pictures of docs/screenshots.
import { join } from 'node:path'
import { build, install, root, run } from './prepare.mjs'

install()
if (!build().ok) process.exit(1)
const { ok } = run(process.execPath, [join(root, 'e2e/dist/screenshots/main.js'), ...process.argv.slice(2)])
process.exit(ok ? 0 : 1)
