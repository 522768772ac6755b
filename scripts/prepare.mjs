// Installs what package-lock.json names, when it is not there yet, and builds.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Runs a program in the repository's root; answers whether it ended with 0. */
export function run(program, args, options = {}) {
  const started = Date.now()
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options })
  return { ok: status === 0, seconds: (Date.now() - started) / 1000 }
}

/** The lock file is newer than the installed tree, or nothing is installed. */
function installMissing() {
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installed)) return true
  return statSync(join(root, 'package-lock.json')).mtimeMs > statSync(installed).mtimeMs + 1000
}

export function install() {
  if (!installMissing()) return
  console.log('Installing dependencies (once) …')
  const { ok, seconds } = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  if (!ok) {
    console.error('npm ci failed; see above. Is the npm registry reachable?')
    process.exit(1)
  }
  console.log(`Installed in ${seconds.toFixed(0)} s`)
}

/** Types and programs, then the web application. */
export function build() {
  const bin = (name) => join(root, 'node_modules', '.bin', name)
  const programs = run(bin('tsc'), ['-b'])
  if (!programs.ok) return programs
  const web = run(bin('vite'), ['build', '--logLevel', 'warn'], { cwd: join(root, 'web') })
  return { ok: web.ok, seconds: programs.seconds + web.seconds }
}
