import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CliError, exitCodes } from './exit.ts'

/** A built program of the server that lies beside this command line. */
export function serverProgram(name: string): string {
  const path = join(dirname(fileURLToPath(import.meta.url)), '../../server/dist', name)
  if (existsSync(path)) return path
  throw new CliError(exitCodes.usage, 'The server is not built yet. Run: npm run build')
}
