import { type ChildProcess, spawn } from 'node:child_process'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readIfThere } from './instance-folder.ts'
import { signal } from './proc.ts'

const CHECK_MS = 1000

/** Sees to it that one log collector runs for the folder, now and as long as this process lives. */
export function startCollector(root: string): { close(): void } {
  let mine: ChildProcess | undefined
  const ensure = (): void => {
    // Ours may not have written its pid yet: two collectors would share the lines between them.
    const starting = mine !== undefined && mine.exitCode === null && mine.signalCode === null
    if (!starting && runningCollector(root) === undefined) mine = spawnCollector(root)
  }
  ensure()
  const timer = setInterval(ensure, CHECK_MS)
  timer.unref()
  return { close: () => clearInterval(timer) }
}

/** Ends it: nothing of the folder is to run any more. */
export function stopCollector(root: string): void {
  const pid = runningCollector(root)
  if (pid !== undefined) signal(pid, 'SIGTERM')
}

/** Its pid, when that process is really the collector of this folder. */
function runningCollector(root: string): number | undefined {
  const pid = Number(readIfThere(join(root, '.collector')))
  if (!(pid > 0)) return undefined
  const words = readIfThere(`/proc/${pid}/cmdline`)?.split('\0') ?? []
  return words.includes(root) && words.some((word) => word.includes('log-collector')) ? pid : undefined
}

function spawnCollector(root: string): ChildProcess {
  const here = fileURLToPath(import.meta.url)
  const extension = extname(here)
  const program = join(here, `../log-collector${extension}`)
  const loader = extension === '.ts' ? ['--conditions=@fairway/source', '--import', 'tsx'] : []
  const child = spawn(process.execPath, ['--max-old-space-size=64', ...loader, program, root], {
    detached: true,
    stdio: 'ignore',
    env: {},
  })
  child.once('error', () => child.unref())
  child.unref()
  return child
}
