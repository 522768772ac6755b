// `npm run demo`: installs and builds what is missing, then runs the demo.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { build, install, root } from './prepare.mjs'

install()
if (!build().ok) process.exit(1)
const child = spawn(process.execPath, [join(root, 'e2e/dist/demo/main.js'), ...process.argv.slice(2)], {
  stdio: 'inherit',
})
child.once('exit', (code) => process.exit(code ?? 1))
