import { spawn } from 'node:child_process'
import type { Command } from 'commander'
import { serverProgram } from '../server-program.ts'

type Options = { data?: string; port?: string; gatewayPort?: string }

/** `fairway up`: runs the control plane in the foreground until Ctrl-C. */
export function addUp(program: Command): void {
  program
    .command('up')
    .description('run Fairway on this machine, in the foreground')
    .option('--data <folder>', 'where everything is kept (FAIRWAY_DATA)')
    .option('--port <port>', 'of the API, default 7420 (FAIRWAY_PORT)')
    .option('--gateway-port <port>', 'where your services are served, default 7480 (FAIRWAY_GATEWAY_PORT)')
    .action(async (options: Options) => {
      process.exitCode = await runServer({
        ...process.env,
        ...(options.data && { FAIRWAY_DATA: options.data }),
        ...(options.port && { FAIRWAY_PORT: options.port }),
        ...(options.gatewayPort && { FAIRWAY_GATEWAY_PORT: options.gatewayPort }),
      })
    })
}

function runServer(env: NodeJS.ProcessEnv): Promise<number> {
  const main = serverProgram('main.js')
  const child = spawn(process.execPath, [main], { env, stdio: 'inherit' })
  // Ctrl-C reaches the child by the terminal; this process only has to outlive it.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? (signal === null ? 0 : 1)))
  })
}
